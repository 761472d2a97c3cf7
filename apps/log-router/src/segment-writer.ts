// The way of a stream's records to disk: what is added in one event-loop turn
// goes in one write at the end of the newest segment, and readers hear of it
// only then. A write that fails is tried until it succeeds, so that lines wait
// where they come from and none is lost. What is in a segment, when the next
// one begins and how long the old ones stay is the stream's.
import { mkdirSync } from 'node:fs'
import { type FileHandle, open, truncate } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { pause } from '@paas/service/wait'
import { type Segment, segmentName } from './segment.ts'

const FIRST_CHUNK_BYTES = 4 * 1024
const CHUNK_BYTES = 64 * 1024
/** At most 250 writes a second and stream; a line alone is written at once. */
const WRITE_INTERVAL_MS = 4
const WRITE_RETRY_MS = 1_000
/** More than this unwritten, and those who feed the stream have to wait. */
const CONGESTED_BYTES = 4 * 1024 * 1024

/** A new segment, which begins with these marks. */
export interface NewSegment {
  firstSeq: number
  linesBefore: number
  marks: Buffer
}

export interface Chunk {
  bytes: Buffer
  used: number
  opens: NewSegment | undefined
}

export interface WriterEvents {
  /** A segment was added; a rejection counts as a failed write. */
  opened(): Promise<void>
  /** These bytes are whole records and now lie at the end of `segment`. */
  written(segment: Segment, bytes: Buffer): void
  failed(error: unknown): void
}

export class SegmentWriter {
  abandoned = false
  readonly #folder: string
  /** Shared with the stream, which deletes the oldest; here the newest is added and grows. */
  readonly #segments: Segment[]
  readonly #events: WriterEvents
  #file: FileHandle | undefined
  #pending: Chunk[] = []
  /** Since this object was made. */
  #addedBytes = 0
  #writtenBytes = 0
  #settling: { upTo: number; resolve: () => void }[] = []
  #writing: Promise<void> | undefined
  #wroteAt = 0

  constructor(folder: string, segments: Segment[], events: WriterEvents) {
    this.#folder = folder
    this.#segments = segments
    this.#events = events
  }

  get congested(): boolean {
    return this.#addedBytes - this.#writtenBytes > CONGESTED_BYTES
  }

  get settledNow(): boolean {
    return !this.#writing
  }

  /** A chunk with room for `size` bytes behind `used`; the first of a new segment when one is to be opened. */
  roomFor(size: number, opens: NewSegment | undefined): Chunk {
    const last = this.#pending.at(-1)
    if (!opens && last && last.used + size <= last.bytes.length) return last
    const bytes = Buffer.allocUnsafeSlow(Math.max(last ? CHUNK_BYTES : FIRST_CHUNK_BYTES, size))
    const chunk: Chunk = { bytes, used: 0, opens }
    this.#pending.push(chunk)
    return chunk
  }

  /** A record of `size` bytes now lies in the chunk: it is written soon. */
  added(size: number): void {
    this.#addedBytes += size
    this.#writing ??= this.#write()
  }

  /** Resolves when what was added until now has been written. */
  async settled(): Promise<void> {
    if (!this.#writing) return
    const upTo = this.#addedBytes
    await new Promise<void>((resolve) => this.#settling.push({ upTo, resolve }))
  }

  /** Resolves when everything lies on disk and the file is closed; what is added later opens it again. */
  async close(): Promise<void> {
    await this.#writing
    await this.#closeFile()
  }

  /** Gives up what is not written yet, then closes. */
  async abandon(): Promise<void> {
    this.abandoned = true
    await this.close()
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
    while (!this.abandoned) {
      try {
        const segment = await this.#segmentFor(chunk)
        const bytes = chunk.bytes.subarray(0, chunk.used)
        await writeAll(this.#file!, bytes, segment.bytes)
        segment.bytes += bytes.length
        segment.writtenAt = Date.now()
        this.#settle(bytes.length)
        this.#events.written(segment, bytes)
        return
      } catch (error) {
        this.#events.failed(error)
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
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      await this.#closeFile()
      const { firstSeq, linesBefore, marks } = opens
      const file = path.join(this.#folder, segmentName(firstSeq, linesBefore))
      this.#file = await open(file, 'w', 0o600)
      await writeAll(this.#file, marks, 0)
      this.#segments.push({ path: file, firstSeq, linesBefore, bytes: marks.length, writtenAt: Date.now() })
      chunk.opens = undefined
      await this.#events.opened()
    }
    const segment = this.#segments.at(-1)!
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
