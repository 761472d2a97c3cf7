// Writing lines from any stage: a line costs an encoding into a buffer, and
// one write to the socket carries all lines of an event-loop turn.
//
// Lines stay in the buffer until the log-router says they are kept, and are
// sent again after a reconnect; it knows the last number it kept of this
// writer, so none comes twice. What does not fit is dropped, counted, and
// announced in its stream by the next frame that fits.
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { cutEnds, LINE_MAX_BYTES } from '@paas/domain/log-cut'
import type { Logger } from '@paas/service/log'
import { FRAME_HEAD_BYTES, FrameKind, frame, openFrameSplitter, PROTOCOL_VERSION, writeFrameHead } from './frames.ts'
import { ORIGIN_BYTES, sourceCode } from './record.ts'
import type { LogWriter, StreamName } from './types.ts'

/** Some seconds of a busy stage while the log-router restarts. */
const BUFFER_BYTES = 4 * 1024 * 1024
const CHUNK_BYTES = 64 * 1024
const RECONNECT_MS = 200
const FLUSH_DEADLINE_MS = 2_000
/** No character takes more bytes of UTF-8 per UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3

interface Batch {
  bytes: Buffer
  lastNumber: number
}

/** Connects in the background, now and whenever the connection is lost; never keeps the process alive by itself. */
export function openLogWriter(socketPath: string, log?: Logger, bufferBytes = BUFFER_BYTES): LogWriter {
  return new SocketLogWriter(socketPath, log, bufferBytes)
}

class SocketLogWriter implements LogWriter {
  readonly #socketPath: string
  readonly #log: Logger | undefined
  readonly #bufferBytes: number
  readonly #id = randomBytes(ORIGIN_BYTES)
  readonly #dropped = new Map<StreamName, { count: number; since: number }>()
  readonly #waiting = new Set<{ number: number; resolve: () => void }>()
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false
  /** Sent or to be sent, not yet known to be kept. */
  #batches: Batch[] = []
  #batchBytes = 0
  #chunk = Buffer.alloc(0)
  #chunkStart = 0
  #chunkEnd = 0
  #number = 0
  #keptNumber = 0
  #sendScheduled = false
  #lastAt = 0

  constructor(socketPath: string, log: Logger | undefined, bufferBytes: number) {
    this.#socketPath = socketPath
    this.#log = log
    this.#bufferBytes = bufferBytes
    this.#connect()
  }

  write(stream: StreamName, { at = this.#now(), source, dyno, text }: Parameters<LogWriter['write']>[1]): void {
    if (this.#closed) return
    if (text.includes('\n') || text.length * MAX_BYTES_PER_UNIT > LINE_MAX_BYTES) {
      for (const piece of pieces(text)) this.#line(stream, at, source, dyno, piece)
    } else {
      this.#line(stream, at, source, dyno, text)
    }
  }

  end(stream: StreamName): void {
    if (this.#closed) return
    this.#announce(stream)
    const start = this.#begin(9 + stream.length)
    this.#name(start + FRAME_HEAD_BYTES + 8, stream)
    this.#finish(start, FrameKind.end, 9 + stream.length)
  }

  async flush(deadlineMs = FLUSH_DEADLINE_MS): Promise<void> {
    this.#send()
    if (this.#keptNumber >= this.#number) return
    await new Promise<void>((resolve) => {
      const waiter = { number: this.#number, resolve: done }
      const timer = setTimeout(done, deadlineMs)
      const waiting = this.#waiting.add(waiter)
      function done() {
        clearTimeout(timer)
        waiting.delete(waiter)
        resolve()
      }
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    await this.flush()
    this.#closed = true
    clearTimeout(this.#timer)
    this.#socket?.destroy()
  }

  #line(stream: StreamName, at: number, source: 'app' | 'heroku', dyno: string, text: string): void {
    const most = 19 + stream.length + dyno.length * MAX_BYTES_PER_UNIT + text.length * MAX_BYTES_PER_UNIT
    if (this.#batchBytes + (this.#chunkEnd - this.#chunkStart) + most > this.#bufferBytes) {
      this.#drop(stream, at)
      return
    }
    this.#announce(stream)
    const start = this.#begin(most)
    const bytes = this.#chunk
    let offset = start + FRAME_HEAD_BYTES + 8
    bytes.writeDoubleLE(at, offset)
    bytes[offset + 8] = sourceCode(source)
    offset = this.#name(offset + 9, stream)
    offset = this.#name(offset, dyno)
    offset += bytes.write(text, offset)
    this.#finish(start, FrameKind.line, offset - start - FRAME_HEAD_BYTES)
  }

  #drop(stream: StreamName, at: number): void {
    const known = this.#dropped.get(stream)
    if (known) known.count++
    else this.#dropped.set(stream, { count: 1, since: at })
  }

  /** Says how many lines of this stream had no room, before anything that comes after them. */
  #announce(stream: StreamName): void {
    const dropped = this.#dropped.get(stream)
    if (!dropped) return
    this.#dropped.delete(stream)
    const start = this.#begin(25 + stream.length)
    const body = start + FRAME_HEAD_BYTES
    this.#chunk.writeDoubleLE(dropped.since, body + 8)
    this.#chunk.writeDoubleLE(dropped.count, body + 16)
    this.#name(body + 24, stream)
    this.#finish(start, FrameKind.dropped, 25 + stream.length)
    this.#log?.warn({ stream, count: dropped.count }, 'log-lines.dropped')
  }

  /** Makes room for a frame whose body has at most that many bytes. */
  #begin(bodyBytes: number): number {
    const size = FRAME_HEAD_BYTES + bodyBytes
    if (this.#chunkEnd + size > this.#chunk.length) {
      this.#seal()
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, size))
      this.#chunkStart = this.#chunkEnd = 0
    }
    return this.#chunkEnd
  }

  #finish(start: number, kind: number, bodyBytes: number): void {
    writeFrameHead(this.#chunk, start, kind, bodyBytes)
    this.#chunk.writeDoubleLE(++this.#number, start + FRAME_HEAD_BYTES)
    this.#chunkEnd = start + FRAME_HEAD_BYTES + bodyBytes
    if (this.#sendScheduled) return
    this.#sendScheduled = true
    setImmediate(() => this.#send())
  }

  #name(offset: number, name: string): number {
    const size = this.#chunk.write(name, offset + 1, 255)
    this.#chunk[offset] = size
    return offset + 1 + size
  }

  /** What was written since the last batch becomes one. */
  #seal(): void {
    if (this.#chunkEnd === this.#chunkStart) return
    const batch = { bytes: this.#chunk.subarray(this.#chunkStart, this.#chunkEnd), lastNumber: this.#number }
    this.#chunkStart = this.#chunkEnd
    this.#batches.push(batch)
    this.#batchBytes += batch.bytes.length
    this.#socket?.write(batch.bytes)
  }

  #send(): void {
    this.#sendScheduled = false
    this.#socket?.cork()
    this.#seal()
    this.#socket?.uncork()
  }

  #kept(number: number): void {
    this.#keptNumber = number
    const open = this.#batches.findIndex((batch) => batch.lastNumber > number)
    for (const batch of this.#batches.splice(0, open < 0 ? this.#batches.length : open)) this.#batchBytes -= batch.bytes.length
    for (const stream of [...this.#dropped.keys()]) this.#announce(stream)
    for (const waiter of this.#waiting) if (waiter.number <= number) waiter.resolve()
  }

  #connect(): void {
    const socket = connect(this.#socketPath)
    const splitter = openFrameSplitter()
    socket.unref()
    socket.on('connect', () => {
      socket.write(Buffer.concat([Buffer.of(PROTOCOL_VERSION), frame(FrameKind.hello, this.#id)]))
      for (const batch of this.#batches) socket.write(batch.bytes)
      this.#socket = socket
    })
    socket.on('data', (chunk: Buffer) => {
      try {
        splitter.push(chunk, (bytes, start) => {
          if (bytes[start + 4] === FrameKind.kept) this.#kept(bytes.readDoubleLE(start + FRAME_HEAD_BYTES))
        })
      } catch (err) {
        socket.destroy(err as Error)
      }
    })
    socket.on('error', () => {}) // 'close' follows, and reconnects
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined
      if (!this.#closed) this.#timer = setTimeout(() => this.#connect(), RECONNECT_MS).unref()
    })
  }

  /** Microseconds, a little later for each line of one millisecond, so that lines can be told apart by time. */
  #now(): number {
    const now = Date.now() * 1000
    this.#lastAt = Math.max(now, Math.min(this.#lastAt + 1, now + 999))
    return this.#lastAt
  }
}

/** Lines of a text, each cut to what a line may have. */
function* pieces(text: string): Generator<string> {
  for (const line of text.split('\n')) {
    if (line.length * MAX_BYTES_PER_UNIT <= LINE_MAX_BYTES) {
      yield line
      continue
    }
    const bytes = Buffer.from(line)
    let start = 0
    for (const end of cutEnds(bytes, 0, bytes.length)) {
      yield bytes.toString('utf8', start, end)
      start = end
    }
  }
}
