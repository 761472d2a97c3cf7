// What clients and the log-router say to each other over the unix socket.
//
// A client's first byte is the version; then both sides send frames:
// u32 length of what follows ‖ u8 kind ‖ body, little endian. A connection
// either writes (hello, then lines, answered by acknowledgements), or reads
// one stream, or removes one.
import { Splitter } from './splitter.ts'

export const PROTOCOL_VERSION = 1
export const FRAME_HEAD_BYTES = 5
/** A batch of history is the largest thing sent. */
export const MAX_FRAME_BYTES = 1024 * 1024

export const FrameKind = {
  /** → 8 random bytes: whose line numbers follow. */
  hello: 1,
  /** → f64 number, f64 at, u8 source, u8 n, stream, u8 n, dyno, text. */
  line: 2,
  /** → f64 number, u8 n, stream. */
  end: 3,
  /** → f64 number, f64 since, f64 count, u8 n, stream: the writer had no room for that many. */
  dropped: 4,
  /** ← f64 number: everything up to it is kept. */
  kept: 5,
  /** → JSON of ReadRequest. */
  read: 6,
  /** ← f64 seq: the lines that follow come after it. */
  position: 7,
  /** ← records, as they lie on disk. */
  records: 8,
  /** ← no line follows. */
  finished: 9,
  /** → stream. */
  remove: 10,
  /** ← */
  removed: 11,
} as const

export function frame(kind: number, body: Uint8Array = new Uint8Array()): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEAD_BYTES + body.length)
  writeFrameHead(bytes, 0, kind, body.length)
  bytes.set(body, FRAME_HEAD_BYTES)
  return bytes
}

export function numberFrame(kind: number, value: number): Buffer {
  const body = Buffer.allocUnsafe(8)
  body.writeDoubleLE(value)
  return frame(kind, body)
}

export function writeFrameHead(bytes: Buffer, offset: number, kind: number, bodyBytes: number): void {
  bytes.writeUInt32LE(bodyBytes + 1, offset)
  bytes[offset + 4] = kind
}

/** Gives back frames out of what a socket delivers: `kindOf` and `bodyStart` of each range tell what it is. */
export const openFrameSplitter = () =>
  new Splitter((bytes, offset) => (offset + 4 > bytes.length ? 0 : bytes.readUInt32LE(offset) + 4), MAX_FRAME_BYTES)
