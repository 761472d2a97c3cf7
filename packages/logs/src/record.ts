// A line as it lies on disk and as readers get it: one encoding for both, so
// that a tail is fed with the very bytes that were written.
//
//   0 u32 size of the record   4 u8 kind    5 u8 source   6 u8 channel   7 u8 dyno's length
//   8 f64 seq                 16 f64 at (µs since the epoch)
//  24 8 bytes origin          32 u32 u32 u16 position in it
//  42 dyno, then text (bytes as they came; readers decode them)
//
// The origin is who sent the line (a container, a writer) and how far its
// output had been read. It travels with the line, so a line and the memory of
// having read it are kept or lost together: after a kill nothing comes twice.
import type { LogSource } from '@paas/domain/log-line'
import type { LogEntry } from './types.ts'

export const RECORD_HEAD_BYTES = 42
export const ORIGIN_BYTES = 8

export const RecordKind = {
  line: 1,
  /** Says how many lines were dropped; passes every filter. */
  notice: 2,
  /** No line follows. */
  end: 3,
  /** Only repeats an origin's position at the head of a segment. */
  mark: 4,
} as const

const SOURCES: readonly LogSource[] = ['app', 'heroku']

export const sourceCode = (source: LogSource): number => (source === 'app' ? 0 : 1)

/** How far an origin has been read: its own count, or seconds, nanoseconds and which line at that instant. */
export interface Position {
  high: number
  low: number
  ordinal: number
}

export interface RecordFields {
  kind: number
  source: number
  channel: number
  dyno: Buffer
  seq: number
  at: number
  origin: Buffer
  position: Position
}

export const recordBytes = (dynoBytes: number, textBytes: number): number => RECORD_HEAD_BYTES + dynoBytes + textBytes

/** Writes a record at `offset`, with `text[start, end)`; returns the offset behind it. */
export function writeRecord(target: Buffer, offset: number, f: RecordFields, text: Buffer, start: number, end: number): number {
  const size = recordBytes(f.dyno.length, end - start)
  target.writeUInt32LE(size, offset)
  target[offset + 4] = f.kind
  target[offset + 5] = f.source
  target[offset + 6] = f.channel
  target[offset + 7] = f.dyno.length
  target.writeDoubleLE(f.seq, offset + 8)
  target.writeDoubleLE(f.at, offset + 16)
  target.set(f.origin, offset + 24)
  target.writeUInt32LE(f.position.high, offset + 32)
  target.writeUInt32LE(f.position.low, offset + 36)
  target.writeUInt16LE(f.position.ordinal, offset + 40)
  target.set(f.dyno, offset + RECORD_HEAD_BYTES)
  text.copy(target, offset + RECORD_HEAD_BYTES + f.dyno.length, start, end)
  return offset + size
}

/** Size of the record at `offset`; 0 when it is not all there or no record at all. */
export function recordSizeAt(bytes: Buffer, offset: number): number {
  if (offset + RECORD_HEAD_BYTES > bytes.length) return 0
  const size = bytes.readUInt32LE(offset)
  return size < RECORD_HEAD_BYTES + bytes[offset + 7]! || offset + size > bytes.length ? 0 : size
}

export const kindAt = (bytes: Buffer, offset: number): number => bytes[offset + 4]!
export const sourceAt = (bytes: Buffer, offset: number): LogSource => SOURCES[bytes[offset + 5]!] ?? 'app'
export const seqAt = (bytes: Buffer, offset: number): number => bytes.readDoubleLE(offset + 8)
export const timeAt = (bytes: Buffer, offset: number): number => bytes.readDoubleLE(offset + 16)
export const channelAt = (bytes: Buffer, offset: number): number => bytes[offset + 6]!
export const originAt = (bytes: Buffer, offset: number): Buffer => bytes.subarray(offset + 24, offset + 24 + ORIGIN_BYTES)
export const positionAt = (bytes: Buffer, offset: number): Position => ({
  high: bytes.readUInt32LE(offset + 32),
  low: bytes.readUInt32LE(offset + 36),
  ordinal: bytes.readUInt16LE(offset + 40),
})
export const dynoAt = (bytes: Buffer, offset: number): string =>
  bytes.toString('utf8', offset + RECORD_HEAD_BYTES, offset + RECORD_HEAD_BYTES + bytes[offset + 7]!)

/** The record at `offset` as readers see it; bytes that are not UTF-8 become U+FFFD. */
export function entryAt(bytes: Buffer, offset: number, size: number): LogEntry {
  return {
    seq: seqAt(bytes, offset),
    at: timeAt(bytes, offset),
    source: sourceAt(bytes, offset),
    dyno: dynoAt(bytes, offset),
    text: bytes.toString('utf8', offset + RECORD_HEAD_BYTES + bytes[offset + 7]!, offset + size),
  }
}
