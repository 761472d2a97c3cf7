// From a queued build to the verdict: streams the build's output to the
// pusher and looks at the rows at every wake-up, and once a second anyway.
import { cleanLine } from '@paas/domain/push-text'
import { judgePush, type PushVerdict } from '@paas/domain/push-verdict'
import type { LogReader } from '@paas/logs/types'
import type { Logger } from '@paas/service/log'
import { Bell, pause } from '@paas/service/wait'
import { readPushState } from '@paas/store/push-target'
import type { Store } from '@paas/store/store'
import type { Reporter } from './reporter.ts'

const LOOK_MS = 1_000
/** Once the build has ended, its last lines come within milliseconds; a log-router that is away must not keep a verdict back. */
const LAST_LINES_MS = 2_000

export interface FollowDeps {
  store: Store
  reader: LogReader
  log: Logger
}

export interface Followed {
  app: { id: string; name: string }
  buildId: string
}

/** The verdict, or undefined when `signal` aborts first. Outlives a Postgres that goes away meanwhile. */
export async function followBuild(
  { store, reader, log }: FollowDeps,
  { app, buildId }: Followed,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<Exclude<PushVerdict, { kind: 'wait' }> | undefined> {
  const bell = new Bell()
  const ring = (mine: string) => (key: string | undefined) => (key === undefined || key === mine ? bell.ring() : undefined)
  const off = [store.wakes.on('build', ring(buildId)), store.wakes.on('release', ring(app.id))]
  const output = copyOutput(reader, buildId, reporter, signal)
  let launching = false
  try {
    while (!signal.aborted) {
      const verdict = await readVerdict().catch(
        (err: unknown) => void log.warn({ err, app: app.id, build: buildId }, 'push.look_failed'),
      )
      if (verdict) {
        const building = verdict.kind === 'wait' && (verdict.phase === 'queued' || verdict.phase === 'building')
        if (!building) await output.end()
        if (!building && !launching && verdict.kind !== 'reject') await reporter.say('-----> Launching...')
        launching ||= !building
        if (verdict.kind !== 'wait') return verdict
        reporter.doing(verdict.doing)
      }
      await bell.next(LOOK_MS, signal)
    }
    return undefined
  } finally {
    for (const leave of off) leave()
    await output.end()
  }

  async function readVerdict(): Promise<PushVerdict> {
    return judgePush(app.name, await readPushState(store, { appId: app.id, buildId }))
  }
}

/** Copies the build's lines as they come; `end` waits for the last ones, a little, and stops. */
function copyOutput(reader: LogReader, buildId: string, reporter: Reporter, signal: AbortSignal): { end(): Promise<void> } {
  const stop = new AbortController()
  const copying = (async () => {
    const lines = reader.read(`build:${buildId}`, { after: 0, tail: true }, AbortSignal.any([signal, stop.signal]))
    for await (const { text } of lines) await reporter.say(cleanLine(text))
  })().catch(() => {}) // the rows decide; what was printed is the pusher's comfort
  return {
    async end() {
      if (!signal.aborted) await Promise.race([copying, pause(LAST_LINES_MS, stop.signal)])
      stop.abort()
      await copying
    },
  }
}
