// Cuts a byte stream back into the length-prefixed pieces it was made of.
// Pieces are handed over in place, as a range of the received chunk, because
// copying each line out would cost more than everything else done to it.

const NOTHING: Buffer = Buffer.alloc(0)

/** The whole size in bytes of the piece that begins at `offset`, or 0 when too little has arrived to tell. */
export type SizeAt = (bytes: Buffer, offset: number) => number

export class Splitter {
  readonly #sizeAt: SizeAt
  readonly #maxBytes: number
  #rest = NOTHING

  constructor(sizeAt: SizeAt, maxBytes: number) {
    this.#sizeAt = sizeAt
    this.#maxBytes = maxBytes
  }

  /** Calls back for each piece that is complete now. Throws when one is larger than allowed: the other side speaks something else. */
  push(chunk: Buffer, piece: (bytes: Buffer, start: number, end: number) => void): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let offset = 0
    while (offset < bytes.length) {
      const size = this.#sizeAt(bytes, offset)
      if (size > this.#maxBytes) throw new Error(`a piece of ${size} bytes, at most ${this.#maxBytes} are allowed`)
      if (size === 0 || offset + size > bytes.length) break
      piece(bytes, offset, offset + size)
      offset += size
    }
    this.#rest = offset === bytes.length ? NOTHING : bytes.subarray(offset)
  }
}
