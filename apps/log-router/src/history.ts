// Where in a stream's segments a reader stands, and reading on from there.
import { open } from 'node:fs/promises'
import { type LogFilter, wantsLine } from '@paas/domain/log-filter'
import { dynoAt, kindAt, RecordKind, recordSizeAt, seqAt, sourceAt, timeAt } from '@paas/logs/record'
import type { Segment } from './segment.ts'
import type { Stream } from './stream.ts'

export interface Cursor {
  segment: Segment | undefined
  offset: number
  /** The last position passed, whether it was wanted or not. */
  seq: number
}

export type Wanted = (bytes: Buffer, offset: number) => boolean

/** Lines that pass the filter, and every notice of missing lines. */
export function wantedBy(filter: LogFilter): Wanted {
  return (bytes, offset) => {
    const kind = kindAt(bytes, offset)
    return (
      kind === RecordKind.notice ||
      (kind === RecordKind.line && wantsLine(filter, sourceAt(bytes, offset), dynoAt(bytes, offset)))
    )
  }
}

/** Calls back for each record of `bytes`; returns the offset behind the last whole one. */
export function eachRecord(bytes: Buffer, record: (offset: number, size: number) => void): number {
  let offset = 0
  for (let size = 0; (size = recordSizeAt(bytes, offset)) > 0; offset += size) record(offset, size)
  return offset
}

/** Up to `most` bytes of whole records behind the cursor, without moving it; undefined when the segment was deleted. At least one record when there is one. */
export async function readBehind(segment: Segment, offset: number, most: number): Promise<Buffer | undefined> {
  const size = Math.min(segment.bytes - offset, most)
  if (size <= 0) return Buffer.alloc(0)
  try {
    await using file = await open(segment.path)
    const bytes = Buffer.allocUnsafeSlow(size)
    const { bytesRead } = await file.read(bytes, 0, size, offset)
    return bytes.subarray(
      0,
      eachRecord(bytes.subarray(0, bytesRead), () => {}),
    )
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Before the first of the last `lines` wanted lines that are not older than `since` (microseconds). */
export async function findLast(stream: Stream, wanted: Wanted, lines: number, since: number): Promise<Cursor> {
  let cursor = tipOf(stream)
  let missing = lines
  for (const segment of stream.segments.toReversed()) {
    if (missing <= 0) break
    const bytes = await readBehind(segment, 0, cursor.segment === segment ? cursor.offset : segment.bytes)
    if (!bytes) break
    const found: number[] = []
    let old = false
    eachRecord(bytes, (offset) => {
      if (timeAt(bytes, offset) < since) old ||= kindAt(bytes, offset) !== RecordKind.mark
      else if (wanted(bytes, offset)) found.push(offset)
    })
    const first = found.at(-missing) ?? found[0]
    if (first !== undefined) cursor = { segment, offset: first, seq: seqAt(bytes, first) - 1 }
    missing -= found.length
    if (old) break
  }
  return cursor
}

/** Behind position `after`. Without a segment when the history has moved on: what lies between is missing. */
export function findAfter(stream: Stream, after: number): Cursor {
  const oldest = { segment: stream.segments[0], offset: 0, seq: 0 }
  if (after <= 0 || after > stream.lastSeq) return oldest // from the beginning, or the stream has begun anew
  return { segment: stream.segments.findLast(({ firstSeq }) => firstSeq <= after + 1), offset: 0, seq: after }
}

export function tipOf(stream: Stream): Cursor {
  const segment = stream.segments.at(-1)
  return { segment, offset: segment?.bytes ?? 0, seq: stream.lastSeq }
}
