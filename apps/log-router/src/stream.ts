// One stream: lines get their position here, and here is decided which segment
// takes them and which old ones go; the writer brings them to disk, and only
// then are they shown to readers. What is on disk is the only history; the page
// cache is its memory, so a thousand quiet streams cost next to nothing.
import { rm } from 'node:fs/promises'
import { type DropCode, formatDropNotice } from '@paas/domain/log-notice'
import { type Position, RecordKind, recordBytes, writeRecord } from '@paas/logs/record'
import type { StreamName } from '@paas/logs/types'
import { listSegments, originKey, type Segment, scanSegment } from './segment.ts'
import { type NewSegment, SegmentWriter } from './segment-writer.ts'

export const HISTORY_LINES = 10_000
export const HISTORY_MS = 24 * 60 * 60 * 1000
const HISTORY_BYTES = 16 * 1024 * 1024
/** A reader that lags is given this long even in a flood, as far as the bytes allow. */
const YOUNG_MS = 10_000
/** A quarter of the history, so that deleting the oldest leaves 10,000 lines and little more. */
const SEGMENT_LINES = 2_500
const SEGMENT_BYTES = 1024 * 1024
const ORIGINS_MAX = 1_000
const LOGPLEX = Buffer.from('logplex')
const HEROKU = 1

/** Who sends lines into a stream, and how far it has been read. */
export interface Origin {
  id: Buffer
  channel: number
  position: Position
  /** Nothing of it has been kept yet. */
  fresh: boolean
  /** Followed now: its position must outlive any quiet time. */
  held: boolean
  touchedAt: number
}

export interface NewLine {
  source: number
  dyno: Buffer
  at: number
}

export interface StreamWatcher {
  /** These bytes are whole records and now lie at the end of `segment`. */
  written(segment: Segment, bytes: Buffer): void
}

export class Stream {
  readonly name: StreamName
  readonly folder: string
  readonly watchers = new Set<StreamWatcher>()
  readonly origins = new Map<string, Origin>()
  readonly segments: Segment[]
  ended = false
  usedAt = Date.now()
  readonly #writer: SegmentWriter
  #nextSeq = 1
  #lines = 0
  #segmentLines = 0
  #segmentBytes = 0

  /** Reads the newest two segments: the newest may have been cut short before its marks were written. */
  constructor(name: StreamName, folder: string, onFailure: (error: unknown) => void) {
    this.name = name
    this.folder = folder
    this.segments = listSegments(folder)
    this.#writer = new SegmentWriter(folder, this.segments, {
      opened: () => this.retire(Date.now()),
      written: (segment, bytes) => {
        for (const watcher of this.watchers) watcher.written(segment, bytes)
      },
      failed: onFailure,
    })
    for (const segment of this.segments.slice(-2)) {
      const { wholeBytes, lastSeq, lines, ended, positions } = scanSegment(segment)
      segment.bytes = wholeBytes
      this.#nextSeq = lastSeq + 1
      this.#lines = segment.linesBefore + lines
      this.#segmentLines = lines
      this.#segmentBytes = wholeBytes
      this.ended = lines > 0 ? ended : this.ended
      for (const [key, known] of positions) this.origins.set(key, { ...known, fresh: false, held: false, touchedAt: Date.now() })
    }
  }

  /** Position of the last line, written or not. */
  get lastSeq(): number {
    return this.#nextSeq - 1
  }

  get congested(): boolean {
    return this.#writer.congested
  }

  get settledNow(): boolean {
    return this.#writer.settledNow
  }

  get idle(): boolean {
    return this.#writer.settledNow && this.watchers.size === 0
  }

  origin(id: Buffer, channel: number): Origin {
    const key = originKey(id, channel)
    const known = this.origins.get(key)
    if (known) return known
    const position = { high: 0, low: 0, ordinal: 0 }
    const origin = { id, channel, position, fresh: true, held: false, touchedAt: Date.now() }
    this.origins.set(key, origin)
    return origin
  }

  /** Adds `text[start, end)`, which lies at `position` of its origin. */
  append(origin: Origin, position: Position, line: NewLine, text: Buffer, start: number, end: number): void {
    this.#add(RecordKind.line, origin, position, line, text, start, end)
  }

  /** Passes over `count` lines up to `position`, which nobody will see, and says so. */
  announce(code: DropCode, origin: Origin, position: Position, count: number | undefined, since: number): void {
    const text = Buffer.from(formatDropNotice(code, count, since))
    const line = { source: HEROKU, dyno: LOGPLEX, at: Date.now() * 1000 }
    this.#add(RecordKind.notice, origin, position, line, text, 0, text.length, count ?? 0)
  }

  end(origin: Origin, position: Position): void {
    if (this.ended) return
    this.#add(RecordKind.end, origin, position, { source: HEROKU, dyno: LOGPLEX, at: Date.now() * 1000 }, LOGPLEX, 0, 0)
    this.ended = true
  }

  /** Resolves when what was added until now has been written. */
  settled(): Promise<void> {
    return this.#writer.settled()
  }

  /** Deletes the folder; the stream takes no more lines. */
  async remove(): Promise<void> {
    await this.#writer.abandon()
    this.segments.length = 0
    await rm(this.folder, { recursive: true, force: true })
  }

  close(): Promise<void> {
    return this.#writer.close()
  }

  /** Deletes segments beyond the history's bounds, except the newest. */
  async retire(now: number): Promise<void> {
    let bytes = this.segments.reduce((sum, segment) => sum + segment.bytes, 0)
    while (this.segments.length > 1) {
      const [oldest, next] = this.segments as [Segment, Segment]
      bytes -= oldest.bytes
      const ageMs = now - oldest.writtenAt
      const wanted = ageMs < YOUNG_MS || (ageMs < HISTORY_MS && this.#lines - next.linesBefore < HISTORY_LINES)
      if (wanted && bytes < HISTORY_BYTES) return
      this.segments.shift()
      await rm(oldest.path, { force: true })
    }
  }

  #add(
    kind: number,
    origin: Origin,
    position: Position,
    line: NewLine,
    text: Buffer,
    start: number,
    end: number,
    skipped = 0,
  ): void {
    if (this.#writer.abandoned) return
    const size = recordBytes(line.dyno.length, end - start)
    const chunk = this.#writer.roomFor(size, this.#nextSegment())
    this.#nextSeq += skipped
    const { source, dyno, at } = line
    const fields = { kind, source, dyno, at, channel: origin.channel, seq: this.#nextSeq++, origin: origin.id, position }
    chunk.used = writeRecord(chunk.bytes, chunk.used, fields, text, start, end)
    origin.position = { ...position } // not earlier: a new segment's marks must not know of a line that follows them
    origin.fresh = false
    origin.touchedAt = Date.now()
    this.ended = false
    this.#lines++
    this.#segmentLines++
    this.#segmentBytes += size
    this.#writer.added(size)
  }

  /** What the next line is to open: the newest segment is full, or there is none yet. */
  #nextSegment(): NewSegment | undefined {
    const full = this.#segmentLines >= SEGMENT_LINES || this.#segmentBytes >= SEGMENT_BYTES
    const first = this.segments.length === 0 && this.#segmentBytes === 0
    if (!full && !first) return undefined
    const marks = this.#marks()
    this.#segmentLines = 0
    this.#segmentBytes = marks.length
    return { firstSeq: this.#nextSeq, linesBefore: this.#lines, marks }
  }

  /** Where every origin stands before the segment's first line; forgets those that were long silent. */
  #marks(): Buffer {
    const now = Date.now()
    const byAge = [...this.origins].sort(([, a], [, b]) => b.touchedAt - a.touchedAt)
    for (const [index, [key, origin]] of byAge.entries()) {
      if (!origin.held && (index >= ORIGINS_MAX || now - origin.touchedAt > HISTORY_MS)) this.origins.delete(key)
    }
    const known = [...this.origins.values()].filter((origin) => !origin.fresh)
    const marks = Buffer.alloc(known.length * recordBytes(0, 0))
    let offset = 0
    for (const { id, channel, position } of known) {
      const fields = {
        kind: RecordKind.mark,
        source: HEROKU,
        channel,
        dyno: LOGPLEX.subarray(0, 0),
        seq: 0,
        at: 0,
        origin: id,
        position,
      }
      offset = writeRecord(marks, offset, fields, LOGPLEX, 0, 0)
    }
    return marks
  }
}
