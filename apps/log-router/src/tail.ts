// A connection that reads one stream: history, then lines as they come.
//
// A reader's buffer is the history on disk. One that keeps up gets the bytes
// just written; one that does not is left alone, reads on from the disk when
// its socket drains, and when the history has moved on without it, is told how
// many lines it missed (L11). A stopped reader costs one batch of memory.
import type { Socket } from 'node:net'
import { formatDropNotice } from '@paas/domain/log-notice'
import { FRAME_HEAD_BYTES, FrameKind, frame, numberFrame, writeFrameHead } from '@paas/logs/frames'
import { ORIGIN_BYTES, RecordKind, recordBytes, seqAt, timeAt, writeRecord } from '@paas/logs/record'
import type { ReadOptions, StreamName } from '@paas/logs/types'
import { Bell } from '@paas/service/wait'
import { type Cursor, eachRecord, findAfter, findLast, readBehind, tipOf, type Wanted, wantedBy } from './history.ts'
import type { Segment } from './segment.ts'
import { HISTORY_LINES, HISTORY_MS, type Stream, type StreamWatcher } from './stream.ts'
import type { Streams } from './streams.ts'

const BATCH_BYTES = 128 * 1024
const LOOK_AGAIN_MS = 30_000
const LOGPLEX = Buffer.from('logplex')

export class Tail implements StreamWatcher {
  readonly #socket: Socket
  readonly #stream: Stream
  readonly #options: ReadOptions
  readonly #wanted: Wanted
  readonly #bell = new Bell()
  #cursor: Cursor = { segment: undefined, offset: 0, seq: 0 }
  #lastAt = 0
  #atTip = false

  constructor(socket: Socket, streams: Streams, name: StreamName, options: ReadOptions) {
    this.#socket = socket
    this.#stream = streams.get(name)
    this.#options = options
    this.#wanted = wantedBy(options)
  }

  /** Until the history is over, the stream has ended or the reader is gone. */
  async run(): Promise<void> {
    const ring = () => this.#bell.ring()
    this.#socket.on('drain', ring).on('close', ring)
    this.#stream.watchers.add(this)
    try {
      await this.#stream.settled()
      this.#cursor = await this.#start()
      this.#socket.write(numberFrame(FrameKind.position, this.#cursor.seq))
      while (!this.#socket.destroyed) {
        if (this.#socket.writableNeedDrain) await this.#bell.next(LOOK_AGAIN_MS)
        else if (!(await this.#sendNext())) {
          if (this.#stream.ended || !this.#options.tail) break
          this.#atTip = true
          await this.#bell.next(LOOK_AGAIN_MS)
          this.#atTip = false
        }
      }
      if (!this.#socket.destroyed) this.#socket.end(frame(FrameKind.finished))
    } finally {
      this.#stream.watchers.delete(this)
    }
  }

  /** At the tip of the stream, hands the written bytes on as they are; anywhere else the disk has them. */
  written(segment: Segment, bytes: Buffer): void {
    if (this.#socket.writableNeedDrain) return
    const { segment: at, offset } = this.#cursor
    if (this.#atTip && at === segment && offset === segment.bytes - bytes.length) {
      this.#cursor.offset = segment.bytes
      this.#send(bytes)
      if (!this.#stream.ended) return
    }
    this.#bell.ring()
  }

  async #start(): Promise<Cursor> {
    const { after, lines = HISTORY_LINES } = this.#options
    if (after !== undefined) return findAfter(this.#stream, after)
    if (lines <= 0) return tipOf(this.#stream)
    return findLast(this.#stream, this.#wanted, Math.min(lines, HISTORY_LINES), (Date.now() - HISTORY_MS) * 1000)
  }

  /** Sends the next batch from the disk; false when there is none. */
  async #sendNext(): Promise<boolean> {
    const { segments } = this.#stream
    const index = this.#cursor.segment ? segments.indexOf(this.#cursor.segment) : -1
    if (index < 0) return this.#enter(segments[0])
    const segment = segments[index]!
    const bytes = await readBehind(segment, this.#cursor.offset, BATCH_BYTES)
    if (!bytes) return true // deleted meanwhile: the next round enters the oldest that is left
    if (bytes.length === 0) return this.#enter(segments[segments.indexOf(segment) + 1])
    this.#cursor.offset += bytes.length
    this.#send(bytes)
    return true
  }

  /** Goes on at the head of a segment, saying how many lines lay between here and there. */
  #enter(segment: Segment | undefined): boolean {
    if (!segment) return false
    const missed = segment.firstSeq - 1 - this.#cursor.seq
    if (missed > 0) {
      this.#cursor.seq = segment.firstSeq - 1
      this.#socket.write(frame(FrameKind.records, missedNotice(missed, this.#cursor.seq, this.#lastAt || Date.now() * 1000)))
    }
    this.#cursor.segment = segment
    this.#cursor.offset = 0
    return true
  }

  #send(bytes: Buffer): void {
    const before = this.#cursor.seq
    const chosen: Buffer[] = []
    let from = -1
    const end = eachRecord(bytes, (offset) => {
      const seq = seqAt(bytes, offset)
      const send = seq > before && this.#wanted(bytes, offset)
      if (seq > before) this.#lastAt = timeAt(bytes, offset)
      this.#cursor.seq = Math.max(this.#cursor.seq, seq)
      if (send && from < 0) from = offset
      if (!send && from >= 0) {
        chosen.push(bytes.subarray(from, offset))
        from = -1
      }
    })
    if (from >= 0) chosen.push(bytes.subarray(from, end))
    if (chosen.length === 0) return
    const body = chosen.length === 1 ? chosen[0]! : Buffer.concat(chosen)
    const head = Buffer.allocUnsafe(FRAME_HEAD_BYTES)
    writeFrameHead(head, 0, FrameKind.records, body.length)
    this.#socket.cork()
    this.#socket.write(head)
    this.#socket.write(body) // not copied: all tails of a stream share the bytes that were written
    this.#socket.uncork()
  }
}

function missedNotice(count: number, seq: number, since: number): Buffer {
  const text = Buffer.from(formatDropNotice('L11', count, since))
  const bytes = Buffer.alloc(recordBytes(LOGPLEX.length, text.length))
  const origin = Buffer.alloc(ORIGIN_BYTES)
  const position = { high: 0, low: 0, ordinal: 0 }
  const fields = { kind: RecordKind.notice, source: 1, channel: 0, dyno: LOGPLEX, seq, at: Date.now() * 1000, origin, position }
  writeRecord(bytes, 0, fields, text, 0, text.length)
  return bytes
}
