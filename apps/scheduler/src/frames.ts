// Frames of an attached one-off dyno, between our CLI and us: type (1 byte),
// length of the payload (4 bytes, big endian), payload. Plain bytes, as
// Heroku's rendezvous sends them, have no room for an exit status, a window's
// size or the end of stdin.

export const FrameType = { data: 0, resize: 1, exit: 2, eof: 3, stderr: 4 } as const

const HEADER_BYTES = 5
const LONGEST_PAYLOAD = 1024 * 1024

export function encodeFrame(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(type, 0)
  header.writeUInt32BE(payload.length, 1)
  return Buffer.concat([header, payload])
}

/** Takes chunks however they were cut and gives back the frames they complete; throws on an absurd length. */
export function createFrameDecoder(): (chunk: Buffer) => { type: number; payload: Buffer }[] {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    const frames: { type: number; payload: Buffer }[] = []
    while (pending.length >= HEADER_BYTES) {
      const length = pending.readUInt32BE(1)
      if (length > LONGEST_PAYLOAD) throw new Error(`a frame of ${length} bytes`)
      const end = HEADER_BYTES + length
      if (pending.length < end) break
      frames.push({ type: pending[0]!, payload: pending.subarray(HEADER_BYTES, end) })
      pending = pending.subarray(end)
    }
    return frames
  }
}
