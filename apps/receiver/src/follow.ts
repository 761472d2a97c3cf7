// From a queued build to the verdict: streams the output of the build, and of
// a release command, to the pusher and looks at the rows at every wake-up, and
// once a second anyway.
import { judgePush, type PushVerdict, releaseOfPush } from '@paas/domain/push-verdict'
import type { LogReader } from '@paas/logs/types'
import type { Logger } from '@paas/service/log'
import { Bell } from '@paas/service/wait'
import { readPushState } from '@paas/store/push-target'
import type { Store } from '@paas/store/store'
import { type Copying, copyBuild, copyReleaseCommand } from './copy-lines.ts'
import type { Reporter } from './reporter.ts'

const LOOK_MS = 1_000

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
  const topics = { build: buildId, release: app.id, dyno: app.id } as const
  const offs = (['build', 'release', 'dyno'] as const).map((topic) => store.wakes.on(topic, ring(topics[topic])))
  const output = copyBuild(reader, buildId, reporter, signal)
  /** Of each version whose release command the pusher has been told of. */
  const commands = new Map<number, Copying>()
  let launching = false
  try {
    while (!signal.aborted) {
      const verdict = await look().catch(
        (err: unknown) => void log.warn({ err, app: app.id, build: buildId }, 'push.look_failed'),
      )
      if (verdict) {
        if (!launching && (verdict.kind === 'accept' || (verdict.kind === 'wait' && verdict.phase === 'launching'))) {
          launching = true
          await reporter.say('-----> Launching...')
        }
        if (verdict.kind !== 'wait') return verdict
        reporter.doing(verdict.doing)
      }
      await bell.next(LOOK_MS, signal)
    }
    return undefined
  } finally {
    for (const off of offs) off()
    for (const copying of [output, ...commands.values()]) await copying.end()
  }

  async function look(): Promise<PushVerdict> {
    const state = await readPushState(store, { appId: app.id, buildId })
    if (state.build?.status !== 'queued' && state.build?.status !== 'running') await output.end()
    const release = releaseOfPush(state)
    if (!release) return judgePush(app.name, state, [])
    const { version, command, status } = release
    if (command?.startedAtMs !== undefined && !commands.has(version)) {
      await reporter.say('-----> Running release command...')
      commands.set(version, copyReleaseCommand(reader, { appId: app.id, startedAtMs: command.startedAtMs }, reporter, signal))
    }
    const copying = commands.get(version)
    if (command?.state !== 'waited-for' || status !== 'pending') await copying?.end()
    return judgePush(app.name, state, copying?.shown ?? [])
  }
}
