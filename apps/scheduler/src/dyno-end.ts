// How a dyno ends: by itself (a crash, or a one-off that is done), or because
// it is told to.
import { backoffMs, crashesInRow } from '@paas/domain/backoff'
import type { ContainerEnd } from '@paas/engine/dynos'
import { changeDyno, findDyno } from '@paas/store/dynos'
import { listExecIds } from '@paas/store/execs'
import { lines, say } from './app-lines.ts'
import type { Scheduler } from './deps.ts'

interface Ended {
  containerId: string | undefined
  reason?: string
}

/** The row says crashed, why, and when it is tried again. */
export async function crash(scheduler: Scheduler, appId: string, dynoId: string, { containerId, reason }: Ended): Promise<void> {
  const { store, fleet, placer, logs, jobs } = scheduler
  const row = await findDyno(store, { appId, id: dynoId })
  if (!row) return
  const end = containerId ? await fleet.dynosOf(row.hostId).findEnd(containerId) : undefined
  const ranMs = row.state === 'up' ? Date.now() - row.stateSince.getTime() : 0
  const crashes = crashesInRow(row.crashes, ranMs)
  const written = await changeDyno(
    store,
    { appId, id: dynoId, from: ['starting', 'up'] },
    {
      state: 'crashed',
      crashes,
      retryAt: new Date(Date.now() + backoffMs(crashes)),
      exitCode: end?.exitCode ?? null,
      reason: reason ?? row.reason ?? reasonOf(end),
    },
  )
  if (!written) return
  placer.leave(dynoId)
  if (jobs.kindOf(dynoId) === 'boot') jobs.cancel(dynoId)
  const { name } = row
  if (end?.oomKilled) say(logs, appId, name, lines.memoryVast)
  if (end) say(logs, appId, name, lines.exited(end.exitCode))
  say(logs, appId, name, lines.changed(row.state, 'crashed'))
}

/** The row says down; a one-off's also how it ended. */
export async function end(scheduler: Scheduler, appId: string, dynoId: string, { containerId, reason }: Ended): Promise<void> {
  const { store, fleet, placer, logs } = scheduler
  const row = await findDyno(store, { appId, id: dynoId })
  if (!row) return
  const found = containerId ? await fleet.dynosOf(row.hostId).findEnd(containerId) : undefined
  const written = await changeDyno(
    store,
    { appId, id: dynoId, from: ['starting', 'up', 'draining', 'stopping', 'crashed'] },
    { state: 'down', exitCode: found?.exitCode ?? row.exitCode, reason: reason ?? row.reason },
  )
  if (!written) return
  placer.leave(dynoId)
  const { name } = row
  if (reason?.startsWith('R13')) say(logs, appId, name, lines.attachFailed)
  if (found?.oomKilled && row.state !== 'crashed') say(logs, appId, name, lines.memoryVast)
  if (found && row.state !== 'crashed') say(logs, appId, name, lines.exited(found.exitCode))
  say(logs, appId, name, lines.changed(row.state, 'down'))
}

/** Its host is lost: nobody can say whether it still runs. A one-off is over; any other is stopped when its host is back. */
export async function lose(scheduler: Scheduler, appId: string, dynoId: string): Promise<void> {
  const { store, placer, logs, jobs } = scheduler
  const row = await findDyno(store, { appId, id: dynoId })
  if (!row) return
  const change = { state: row.oneOff ? ('down' as const) : ('stopping' as const), reason: 'was lost with its host' }
  if (!(await changeDyno(store, { appId, id: dynoId, from: ['starting', 'up'] }, change))) return
  placer.leave(dynoId)
  jobs.cancel(dynoId)
  for (const id of await listExecIds(store, { appId, dynoId })) jobs.cancel(id)
  say(logs, appId, row.name, lines.hostLost)
  say(logs, appId, row.name, lines.changed(row.state, 'down'))
}

/** Drained if it was serving, then SIGTERM, grace, SIGKILL. Takes up to a minute, so it runs beside the passes. */
export function beginStop(scheduler: Scheduler, appId: string, dynoId: string, containerId: string | undefined): void {
  const { store, fleet, logs, settings, routes, jobs } = scheduler
  void jobs.run(appId, dynoId, 'stop', async (signal) => {
    const row = await findDyno(store, { appId, id: dynoId })
    if (!row) return
    if (row.state === 'draining') await routes.drained(dynoId, settings.drainMs, signal)
    signal.throwIfAborted()
    const { name } = row
    await changeDyno(store, { appId, id: dynoId, from: ['starting', 'up', 'draining'] }, { state: 'stopping' })
    if (containerId) {
      say(logs, appId, name, lines.stopping)
      const stopped = await fleet.dynosOf(row.hostId).stop(containerId, settings.stopGraceMs)
      if (stopped?.killed) say(logs, appId, name, lines.exitTimeout)
      if (stopped?.killed) say(logs, appId, name, lines.killed)
    }
    await end(scheduler, appId, dynoId, { containerId })
  })
}

function reasonOf(end: ContainerEnd | undefined): string {
  if (!end) return 'its container is gone'
  return end.oomKilled ? `R15 memory quota vastly exceeded, status ${end.exitCode}` : `exited with status ${end.exitCode}`
}
