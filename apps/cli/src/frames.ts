// Frames of an attached one-off dyno: type (1 byte), length of the payload
// (4 bytes, big endian), payload. Plain bytes, as Heroku's own rendezvous sends
// them, could carry neither an exit status nor a window's size nor the end of
// stdin without giving a meaning to bytes that a program may print itself.

export const FrameType = { data: 0, resize: 1, exit: 2, eof: 3, stderr: 4 } as const
export type FrameType = (typeof FrameType)[keyof typeof FrameType]

const HEADER_BYTES = 5
/** Nothing the server sends is near this; a longer frame is a stream out of step, or not ours. */
const LONGEST_PAYLOAD = 16 * 1024 * 1024

export interface Frame {
  type: number
  payload: Buffer
}

export function encodeFrame(type: FrameType, payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(type, 0)
  header.writeUInt32BE(payload.length, 1)
  return Buffer.concat([header, payload])
}

/** A decoder with memory: each chunk, however it was cut, gives the frames it completes. Throws on an absurd length. */
export function createFrameDecoder(): (chunk: Buffer) => Frame[] {
  let pending: Buffer[] = []
  let pendingBytes = 0
  let neededBytes = HEADER_BYTES
  return (chunk) => {
    pending.push(chunk)
    pendingBytes += chunk.length
    const frames: Frame[] = []
    while (pendingBytes >= neededBytes) {
      const bytes = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
      const length = bytes.readUInt32BE(1)
      if (length > LONGEST_PAYLOAD) throw new Error(`a frame of ${length} bytes`)
      const end = HEADER_BYTES + length
      if (bytes.length < end) {
        pending = [bytes]
        neededBytes = end
        break
      }
      frames.push({ type: bytes[0]!, payload: bytes.subarray(HEADER_BYTES, end) })
      pending = [bytes.subarray(end)]
      pendingBytes = bytes.length - end
      neededBytes = HEADER_BYTES
    }
    return frames
  }
}
