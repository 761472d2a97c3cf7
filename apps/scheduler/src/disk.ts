// Looks at how much each dyno has written to its own disk, and stops one that
// has written too much before the host's disk is full of it.
//
// The engine counts by walking the files: 0.6 ms for a dyno that wrote none,
// 0.3 s for 100,000. So dynos are measured one at a time, spread over the
// round, and after a costly one there is a rest.
import { judgeDisk } from '@paas/domain/disk-quota'
import { pause } from '@paas/service/wait'
import { changeDyno, listRunning } from '@paas/store/dynos'
import { lines, say } from './app-lines.ts'
import type { Scheduler } from './deps.ts'
import { answeringDynos } from './fleet.ts'

/** A dyno that comes just after its turn is measured in the next round: within twice this. */
const ROUND_MS = 5_000
/** At most a tenth of one core of the engine's. */
const REST_PER_WORK = 9

type Running = Awaited<ReturnType<typeof listRunning>>[number]

/** Runs until aborted; never rejects. */
export async function watchDisk(deps: Scheduler, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const dynos = await listRunning(deps.store).catch((err: unknown) => {
      deps.log.warn({ err }, 'disk.not_read')
      return []
    })
    if (dynos.length === 0) await pause(ROUND_MS, signal)
    for (const dyno of dynos) {
      if (signal.aborted) return
      const began = performance.now()
      await look(deps, dyno).catch((err: unknown) => deps.log.warn({ app: dyno.appId, dyno: dyno.name, err }, 'disk.not_read'))
      const tookMs = performance.now() - began
      await pause(Math.max(ROUND_MS / dynos.length - tookMs, tookMs * REST_PER_WORK), signal)
    }
  }
}

async function look({ store, fleet, logs, log, settings }: Scheduler, dyno: Running): Promise<void> {
  const { id, appId, hostId, containerId, name } = dyno
  const dynos = answeringDynos(fleet, hostId)
  const bytes = await dynos?.readWrittenBytes(containerId)
  const verdict = bytes === undefined ? undefined : judgeDisk(bytes, settings.dynoDiskMaxMiB)
  if (!dynos || !verdict) return
  // The reason first: that it ended is seen by a pass, which treats it as any other crash.
  await changeDyno(store, { appId, id, from: ['starting', 'up', 'draining'] }, { reason: verdict.reason })
  for (const line of [...verdict.lines, lines.killed]) say(logs, appId, name, line)
  log.info({ app: appId, dyno: name, bytes }, 'dyno.over_disk')
  await dynos.kill(containerId)
}
