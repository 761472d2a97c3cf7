// Docker's log stream back into lines. Every frame is one record: 8 bytes of
// head (channel, length), a timestamp, a space, the text. A record without a
// newline at its end is part of a longer line, which Docker cut at 16 kB; all
// parts of a line have one timestamp.
// https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
import { cutEnds, LINE_MAX_BYTES } from '@paas/domain/log-cut'
import { Splitter } from '@paas/logs/splitter'

const HEAD_BYTES = 8
const FRAME_MAX_BYTES = 1024 * 1024
/** `2026-01-02T03:04:05` */
const SECOND_BYTES = 19
const NANO_DIGITS = 9
const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const POINT = 0x2e

export interface Instant {
  seconds: number
  nanos: number
}

/** `channel` is 1 for stdout and 2 for stderr. `bytes[start, end)` is the line, cut to what a line may have. */
export type OnLine = (channel: number, at: Instant, bytes: Buffer, start: number, end: number) => void

export class OutputDecoder {
  readonly #onLine: OnLine
  readonly #frames = new Splitter(
    (bytes, offset) => (offset + HEAD_BYTES > bytes.length ? 0 : HEAD_BYTES + bytes.readUInt32BE(offset + 4)),
    FRAME_MAX_BYTES,
  )
  /** Parts of a line that has not ended, by channel. */
  readonly #parts = new Map<number, { at: Instant; bytes: Buffer }>()
  readonly #at: Instant = { seconds: 0, nanos: 0 }
  #second = Buffer.alloc(SECOND_BYTES)
  #secondValue = 0

  constructor(onLine: OnLine) {
    this.#onLine = onLine
  }

  push(chunk: Buffer): void {
    this.#frames.push(chunk, (bytes, start, end) => this.#record(bytes, start, end))
  }

  /** The output is over: what has no newline yet is a line too. */
  finish(): void {
    for (const [channel, { at, bytes }] of this.#parts) this.#line(channel, at, bytes, 0, bytes.length)
    this.#parts.clear()
  }

  #record(bytes: Buffer, start: number, end: number): void {
    const channel = bytes[start]!
    const textStart = this.#readInstant(bytes, start + HEAD_BYTES, end)
    const whole = end > textStart && bytes[end - 1] === NEWLINE
    const parts = this.#parts.get(channel)
    if (!parts) {
      if (whole) this.#line(channel, this.#at, bytes, textStart, end - 1)
      else this.#keep(channel, { ...this.#at }, Buffer.from(bytes.subarray(textStart, end)))
      return
    }
    const joined = Buffer.concat([parts.bytes, bytes.subarray(textStart, whole ? end - 1 : end)])
    this.#parts.delete(channel)
    if (whole) this.#line(channel, parts.at, joined, 0, joined.length)
    else this.#keep(channel, parts.at, joined)
  }

  /** Gives out what fills a line already, so that a line without end needs no more memory than one cut. */
  #keep(channel: number, at: Instant, bytes: Buffer): void {
    const ends = cutEnds(bytes, 0, bytes.length)
    ends.pop()
    let start = 0
    for (const end of ends) {
      this.#onLine(channel, at, bytes, start, end)
      start = end
    }
    this.#parts.set(channel, { at, bytes: bytes.subarray(start) })
  }

  #line(channel: number, at: Instant, bytes: Buffer, start: number, end: number): void {
    const last = end > start && bytes[end - 1] === RETURN ? end - 1 : end
    if (last - start <= LINE_MAX_BYTES) {
      this.#onLine(channel, at, bytes, start, last)
      return
    }
    let from = start
    for (const to of cutEnds(bytes, start, last)) {
      this.#onLine(channel, at, bytes, from, to)
      from = to
    }
  }

  /** Reads `2026-01-02T03:04:05.678901234Z `; returns where the text begins. Most lines share their second with the one before. */
  #readInstant(bytes: Buffer, start: number, end: number): number {
    if (this.#second.compare(bytes, start, start + SECOND_BYTES) !== 0) {
      this.#second = Buffer.from(bytes.subarray(start, start + SECOND_BYTES))
      this.#secondValue = Date.parse(`${this.#second.toString('latin1')}Z`) / 1000
    }
    this.#at.seconds = this.#secondValue
    let offset = start + SECOND_BYTES
    let nanos = 0
    let digits = 0
    if (bytes[offset] === POINT) {
      for (offset++; offset < end && bytes[offset]! >= 0x30 && bytes[offset]! <= 0x39; offset++, digits++) {
        nanos = nanos * 10 + bytes[offset]! - 0x30
      }
    }
    this.#at.nanos = digits === NANO_DIGITS ? nanos : Math.round(nanos * 10 ** (NANO_DIGITS - digits))
    while (offset < end && bytes[offset] !== SPACE) offset++
    return offset + 1
  }
}
