// One stream: lines get their position here, are written in batches, and only
// then shown to readers. What is on disk is the only history; the page cache
// is its memory, so a thousand quiet streams cost next to nothing.
import { mkdirSync } from 'node:fs'
import { type FileHandle, open, rm, truncate } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { type DropCode, formatDropNotice } from '@paas/domain/log-notice'
import { type Position, RecordKind, recordBytes, writeRecord } from '@paas/logs/record'
import type { StreamName } from '@paas/logs/types'
import { pause } from '@paas/service/wait'
import { listSegments, originKey, type Segment, scanSegment, segmentName } from './segment.ts'

export const HISTORY_LINES = 10_000
export const HISTORY_MS = 24 * 60 * 60 * 1000
const HISTORY_BYTES = 16 * 1024 * 1024
/** A reader that lags is given this long even in a flood, as far as the bytes allow. */
const YOUNG_MS = 10_000
/** A quarter of the history, so that deleting the oldest leaves 10,000 lines and little more. */
const SEGMENT_LINES = 2_500
const SEGMENT_BYTES = 1024 * 1024
const FIRST_CHUNK_BYTES = 4 * 1024
const CHUNK_BYTES = 64 * 1024
/** At most 250 writes a second and stream; a line alone is written at once. */
const WRITE_INTERVAL_MS = 4
const WRITE_RETRY_MS = 1_000
/** More than this unwritten, and those who feed the stream have to wait. */
const CONGESTED_BYTES = 4 * 1024 * 1024
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

interface Chunk {
  bytes: Buffer
  used: number
  /** Opens a new segment, which begins with these marks. */
  opens: { firstSeq: number; linesBefore: number; marks: Buffer } | undefined
}

export class Stream {
  readonly name: StreamName
  readonly folder: string
  readonly watchers = new Set<StreamWatcher>()
  readonly origins = new Map<string, Origin>()
  readonly segments: Segment[]
  ended = false
  usedAt = Date.now()
  readonly #onFailure: (error: unknown) => void
  #file: FileHandle | undefined
  #nextSeq = 1
  #lines = 0
  #segmentLines = 0
  #segmentBytes = 0
  #pending: Chunk[] = []
  /** Since this object was made. */
  #addedBytes = 0
  #writtenBytes = 0
  #settling: { upTo: number; resolve: () => void }[] = []
  #writing: Promise<void> | undefined
  #wroteAt = 0
  #removed = false

  /** Reads the newest two segments: the newest may have been cut short before its marks were written. */
  constructor(name: StreamName, folder: string, onFailure: (error: unknown) => void) {
    this.name = name
    this.folder = folder
    this.#onFailure = onFailure
    this.segments = listSegments(folder)
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
    return this.#addedBytes - this.#writtenBytes > CONGESTED_BYTES
  }

  get settledNow(): boolean {
    return !this.#writing
  }

  get idle(): boolean {
    return !this.#writing && this.watchers.size === 0
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
  async settled(): Promise<void> {
    if (!this.#writing) return
    const upTo = this.#addedBytes
    await new Promise<void>((resolve) => this.#settling.push({ upTo, resolve }))
  }

  /** Deletes the folder; the stream takes no more lines. */
  async remove(): Promise<void> {
    this.#removed = true
    await this.#writing
    await this.#closeFile()
    this.segments.length = 0
    await rm(this.folder, { recursive: true, force: true })
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#closeFile()
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
    if (this.#removed) return
    const size = recordBytes(line.dyno.length, end - start)
    const chunk = this.#roomFor(size)
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
    this.#addedBytes += size
    this.#writing ??= this.#write()
  }

  #roomFor(size: number): Chunk {
    const last = this.#pending.at(-1)
    const full = this.#segmentLines >= SEGMENT_LINES || this.#segmentBytes >= SEGMENT_BYTES
    const opens = full || (this.segments.length === 0 && this.#segmentBytes === 0)
    if (!opens && last && last.used + size <= last.bytes.length) return last
    const chunk: Chunk = {
      bytes: Buffer.allocUnsafeSlow(Math.max(last ? CHUNK_BYTES : FIRST_CHUNK_BYTES, size)),
      used: 0,
      opens: opens ? { firstSeq: this.#nextSeq, linesBefore: this.#lines, marks: this.#marks() } : undefined,
    }
    if (chunk.opens) {
      this.#segmentLines = 0
      this.#segmentBytes = chunk.opens.marks.length
    }
    this.#pending.push(chunk)
    return chunk
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

  async #write(): Promise<void> {
    await turn() // everything of this event-loop turn goes in one write
    while (this.#pending.length > 0) {
      const earlyMs = this.#wroteAt + WRITE_INTERVAL_MS - performance.now()
      if (earlyMs > 0) await pause(earlyMs)
      for (const chunk of this.#pending.splice(0)) await this.#writeChunk(chunk)
      this.#wroteAt = performance.now()
    }
    this.#writing = undefined
  }

  /** Tries until it succeeds: while a disk is full, lines wait where they come from. */
  async #writeChunk(chunk: Chunk): Promise<void> {
    while (!this.#removed) {
      try {
        const segment = await this.#segmentFor(chunk)
        const bytes = chunk.bytes.subarray(0, chunk.used)
        await writeAll(this.#file!, bytes, segment.bytes)
        segment.bytes += bytes.length
        segment.writtenAt = Date.now()
        this.#settle(bytes.length)
        for (const watcher of this.watchers) watcher.written(segment, bytes)
        return
      } catch (error) {
        this.#onFailure(error)
        await pause(WRITE_RETRY_MS)
      }
    }
    this.#settle(chunk.used)
  }

  #settle(bytes: number): void {
    this.#writtenBytes += bytes
    while (this.#settling.length > 0 && this.#settling[0]!.upTo <= this.#writtenBytes) this.#settling.shift()!.resolve()
  }

  async #segmentFor(chunk: Chunk): Promise<Segment> {
    const { opens } = chunk
    if (opens) {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 })
      await this.#closeFile()
      const file = path.join(this.folder, segmentName(opens.firstSeq, opens.linesBefore))
      this.#file = await open(file, 'w', 0o600)
      await writeAll(this.#file, opens.marks, 0)
      const { firstSeq, linesBefore, marks } = opens
      this.segments.push({ path: file, firstSeq, linesBefore, bytes: marks.length, writtenAt: Date.now() })
      chunk.opens = undefined
      await this.retire(Date.now())
    }
    const segment = this.segments.at(-1)!
    if (!this.#file) {
      await truncate(segment.path, segment.bytes)
      this.#file = await open(segment.path, 'r+')
    }
    return segment
  }

  async #closeFile(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
