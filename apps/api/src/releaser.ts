// Makes releases of builds that have succeeded.
//
// A job on the results queue says so within milliseconds; the loop finds, every
// two seconds, what a lost job left behind. Both take the same path, and the
// lock of the app's row lets only one of them make the release.

import type { LogWriter } from '@paas/logs/types'
import type { Queues } from '@paas/queue/types'
import type { Logger } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { pause } from '@paas/service/wait'
import { forgetOldAnswers } from '@paas/store/answers'
import { findUnreleasedBuilds, releaseBuild } from '@paas/store/releases-make'
import type { Store } from '@paas/store/store'
import { announce } from './platform-lines.ts'

const RESYNC_MS = 2_000
const TIDY_EVERY = 900 // passes: half an hour
const CONCURRENCY = 4

export interface ReleaserDeps {
  store: Store
  queues: Pick<Queues, 'work'>
  logs: { writer: LogWriter }
  log: Logger
}

/** Starts both; close ends the loop and hands unfinished jobs back. */
export async function startReleaser(deps: ReleaserDeps): Promise<Service> {
  const abort = new AbortController()
  const loop = reconcile(deps, abort.signal)
  const worker = deps.queues.work('results', CONCURRENCY, (job) => release(deps, job))
  worker.catch((err: unknown) => deps.log.warn({ err }, 'releaser.queue_failed'))
  return {
    name: 'releaser',
    async close() {
      abort.abort()
      await (await worker.catch(() => undefined))?.close()
      await loop
    },
  }
}

async function reconcile(deps: ReleaserDeps, signal: AbortSignal): Promise<void> {
  for (let pass = 0; !signal.aborted; pass += 1) {
    try {
      for (const build of await findUnreleasedBuilds(deps.store)) await release(deps, build)
      if (pass % TIDY_EVERY === 0) await forgetOldAnswers(deps.store, new Date())
    } catch (err) {
      deps.log.warn({ err }, 'releaser.pass_failed')
    }
    await pause(RESYNC_MS, signal)
  }
}

/** Does nothing when the build has its release already. */
async function release(
  { store, logs, log }: ReleaserDeps,
  { appId, buildId }: { appId: string; buildId: string },
): Promise<void> {
  const started = performance.now()
  const made = await releaseBuild(store, appId, buildId)
  if (!made) return
  announce(logs.writer, appId, `${made.description} by user ${made.userEmail ?? 'platform'}`)
  announce(logs.writer, appId, `Release v${made.version} created by user ${made.userEmail ?? 'platform'}`)
  log.info({ app: appId, buildId, release: made.version, elapsedMs: Math.round(performance.now() - started) }, 'release.created')
}
