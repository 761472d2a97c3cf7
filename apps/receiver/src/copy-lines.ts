// Copies lines of a log stream to the pusher as they come: the build's, then
// the release command's. A comfort: the rows decide, so a log-router that is
// away costs lines and never a verdict.
import { cleanLine } from '@paas/domain/push-text'
import type { LogEntry, LogReader } from '@paas/logs/types'
import { pause } from '@paas/service/wait'
import type { Reporter } from './reporter.ts'

/** What was written last comes within milliseconds; nobody waits longer than this for it. */
const LAST_LINES_MS = 2_000
/** An app's stream has no end: this long without a line is taken for one. */
const QUIET_MS = 250
/** The command may have begun up to a second before it is noticed. */
const EARLIER_LINES = 10_000
/** As many as a failure message repeats, and some. */
const KEEP_SHOWN = 100

export interface Copying {
  /** Of a release command: the last lines the pusher has seen, not indented. */
  readonly shown: readonly string[]
  /** Waits for the last lines, a little, and stops. */
  end(): Promise<void>
}

/** The whole output of a build. */
export function copyBuild(reader: LogReader, buildId: string, reporter: Reporter, signal: AbortSignal): Copying {
  const stop = new AbortController()
  const copying = copy(
    reader.read(`build:${buildId}`, { after: 0, tail: true }, AbortSignal.any([signal, stop.signal])),
    (text) => reporter.say(text),
  )
  return {
    shown: [],
    async end() {
      if (!signal.aborted) await Promise.race([copying, pause(LAST_LINES_MS, stop.signal)])
      stop.abort()
      await copying
    },
  }
}

/** What the release process that began at `startedAtMs` prints. Release processes of one app run one after the other. */
export function copyReleaseCommand(
  reader: LogReader,
  { appId, startedAtMs }: { appId: string; startedAtMs: number },
  reporter: Reporter,
  signal: AbortSignal,
): Copying {
  const shown: string[] = []
  const stop = new AbortController()
  const options = { lines: EARLIER_LINES, tail: true, source: 'app', dyno: 'release.1' } as const
  let heardAt = 0
  const copying = copy(reader.read(`app:${appId}`, options, AbortSignal.any([signal, stop.signal])), async (text, { at }) => {
    if (at < startedAtMs * 1000) return
    heardAt = performance.now()
    shown.push(text)
    if (shown.length > KEEP_SHOWN) shown.shift()
    await reporter.say(`       ${text}`.trimEnd())
  })
  return {
    shown,
    async end() {
      const began = (heardAt = performance.now())
      for (let now = began; now - heardAt < QUIET_MS && now - began < LAST_LINES_MS; now = performance.now()) {
        if (signal.aborted || stop.signal.aborted) break
        await pause(QUIET_MS - (now - heardAt) + 1, signal)
      }
      stop.abort()
      await copying
    },
  }
}

async function copy(entries: AsyncIterable<LogEntry>, show: (text: string, entry: LogEntry) => Promise<void>): Promise<void> {
  try {
    for await (const entry of entries) await show(cleanLine(entry.text), entry)
  } catch {
    // see above: lines are a comfort
  }
}
