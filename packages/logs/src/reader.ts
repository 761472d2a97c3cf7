// Reading a stream: history and what comes, in one order. A consumer that
// pulls slowly is never read ahead for: its socket fills, and the log-router
// counts what passes it by.
import { connect, type Socket } from 'node:net'
import { PlatformError } from '@paas/domain/errors'
import { pause, withDeadline } from '@paas/service/wait'
import { FRAME_HEAD_BYTES, FrameKind, frame, openFrameSplitter, PROTOCOL_VERSION } from './frames.ts'
import { entryAt, recordSizeAt } from './record.ts'
import type { LogEntry, LogReader, ReadOptions, StreamName } from './types.ts'

const RECONNECT_MS = 200
/** A reader without `tail` gives up after this long without a word. */
const SILENCE_MS = 5_000

export function openLogReader(socketPath: string): LogReader {
  return {
    read: (stream, options, signal) => readEntries(socketPath, stream, options, signal),
    remove: (stream) => withDeadline('The log-router', SILENCE_MS, 'logs_unreachable', () => removeStream(socketPath, stream)),
  }
}

/** Throws `logs_unreachable` when nobody answers and `tail` is not set; a tail waits for the log-router to come back. */
async function* readEntries(
  socketPath: string,
  stream: StreamName,
  options: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<LogEntry> {
  const progress: Progress = { after: options.after, finished: false }
  let heardAt = Date.now()
  while (!signal.aborted && !progress.finished) {
    try {
      for await (const entries of readOnce(socketPath, stream, options, progress, signal)) {
        for (const entry of entries) {
          if (signal.aborted) return
          progress.after = entry.seq
          yield entry
        }
        heardAt = Date.now()
      }
    } catch (error) {
      if (signal.aborted) return
      if (!options.tail && Date.now() - heardAt > SILENCE_MS) {
        throw new PlatformError('logs_unreachable', 'The log-router does not answer', { cause: error })
      }
    }
    if (!progress.finished) await pause(RECONNECT_MS, signal)
  }
}

interface Progress {
  after: number | undefined
  finished: boolean
}

/** One connection's entries, batch by batch; ends when the connection does. */
async function* readOnce(
  socketPath: string,
  stream: StreamName,
  options: ReadOptions,
  progress: Progress,
  signal: AbortSignal,
): AsyncGenerator<LogEntry[]> {
  const socket = connect(socketPath)
  const stop = () => socket.destroy()
  signal.addEventListener('abort', stop, { once: true })
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('no answer')))
  try {
    const { lines, tail, source, dyno } = options
    const after = progress.after
    ask(socket, FrameKind.read, JSON.stringify({ stream, lines, tail, source, dyno, after }))
    const splitter = openFrameSplitter()
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      const entries: LogEntry[] = []
      splitter.push(chunk, (bytes, start, end) => {
        const kind = bytes[start + 4]
        const body = start + FRAME_HEAD_BYTES
        if (kind === FrameKind.finished) progress.finished = true
        else if (kind === FrameKind.records) decode(bytes.subarray(body, end), entries)
        else if (kind === FrameKind.position) progress.after = bytes.readDoubleLE(body)
      })
      if (options.tail) socket.setTimeout(0)
      yield entries
      if (progress.finished) return
    }
  } finally {
    signal.removeEventListener('abort', stop)
    socket.destroy()
  }
}

function decode(bytes: Buffer, into: LogEntry[]): void {
  for (let offset = 0, size = 0; (size = recordSizeAt(bytes, offset)) > 0; offset += size) into.push(entryAt(bytes, offset, size))
}

async function removeStream(socketPath: string, stream: StreamName): Promise<void> {
  const socket = connect(socketPath)
  try {
    ask(socket, FrameKind.remove, stream)
    for await (const _answer of socket) return
    throw new Error('closed without an answer')
  } catch (error) {
    throw new PlatformError('logs_unreachable', 'The log-router does not answer', { cause: error })
  } finally {
    socket.destroy()
  }
}

function ask(socket: Socket, kind: number, body: string): void {
  socket.write(Buffer.concat([Buffer.of(PROTOCOL_VERSION), frame(kind, Buffer.from(body))]))
}
