// What stages see of the logs. A stream is `app:<app id>` (everything an app's
// people may read, in one order) or `build:<build id>` (one build's output).
import type { LogLine, LogSource } from '@paas/domain/log-line'

export type StreamName = `app:${string}` | `build:${string}`

export interface LogEntry extends LogLine {
  /** Position in the stream; grows by one, also over lines that were dropped and announced. */
  seq: number
}

export interface LogWriter {
  /** Never blocks and never throws. What does not fit the bounded buffer is dropped, counted, and announced in the stream (L10). `at` defaults to now. */
  write(stream: StreamName, line: Omit<LogLine, 'at'> & { at?: number }): void
  /** No line follows in this stream: its readers end. */
  end(stream: StreamName): void
  /** Resolves when what was written before has reached the log-router, or after `deadlineMs`. */
  flush(deadlineMs?: number): Promise<void>
  close(): Promise<void>
}

export interface ReadOptions {
  /** How many of the last matching lines to begin with. */
  lines?: number
  /** Go on with lines as they come. */
  tail?: boolean
  source?: LogSource
  /** `web.1`, or a whole type `web`. */
  dyno?: string
  /** Only what follows this position (wins over `lines`). */
  after?: number
}

export interface LogReader {
  /** Ends when history is over (no tail), the stream was ended, or the signal aborts. Reconnects by itself where it was when the log-router restarts. */
  read(stream: StreamName, options: ReadOptions, signal: AbortSignal): AsyncIterable<LogEntry>
  /** Forgets a stream: its app or build is gone. */
  remove(stream: StreamName): Promise<void>
}
