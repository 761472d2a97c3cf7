// Log entries as bytes for a client: plain lines, or server-sent events with
// a heartbeat, so that no one in between takes a quiet log for a dead one.
import { formatLogLine } from '@paas/domain/log-line'
import type { LogEntry } from '@paas/logs/types'

export const PING_MS = 15_000
/** Heroku's CLI lingers for this time after the end of a log. */
const RETRY = 'retry: 100\n\n'

/** Events as Heroku's CLI reads them; ids are positions, from which a reconnecting client goes on. */
export async function* asEvents(entries: AsyncIterable<LogEntry>, pingMs = PING_MS): AsyncGenerator<string> {
  yield RETRY
  for await (const entry of withPings(entries, pingMs)) {
    yield entry ? `id: ${entry.seq}\ndata: ${formatLogLine(entry)}\n\n` : ': ping\n\n'
  }
}

/** One formatted line each. */
export async function* asLines(entries: AsyncIterable<LogEntry>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${formatLogLine(entry)}\n`
}

/** The text alone, as the program printed it. */
export async function* asText(entries: AsyncIterable<LogEntry>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${entry.text}\n`
}

/** The same items, and `undefined` whenever `pingMs` have passed without one. */
async function* withPings<T>(items: AsyncIterable<T>, pingMs: number): AsyncGenerator<T | undefined> {
  const iterator = items[Symbol.asyncIterator]()
  try {
    for (let next = iterator.next(); ; ) {
      let timer: NodeJS.Timeout | undefined
      const quiet = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, pingMs, undefined)
      })
      const result = await Promise.race([next, quiet]).finally(() => clearTimeout(timer))
      if (result?.done) return
      yield result?.value
      if (result) next = iterator.next()
    }
  } finally {
    // A read under way ends by its own signal; waiting for it here would wait for the next line.
    void iterator.return?.()
  }
}
