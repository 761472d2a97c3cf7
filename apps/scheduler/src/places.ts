// Where dynos go: a host for each that has none, and whether one that should
// leave its host has somewhere to go.
import type { PlatformError } from '@paas/domain/errors'
import { withoutHosts } from '@paas/domain/placement-public'
import type { WorldDyno } from '@paas/domain/world'
import { type DynoOrder, findDynoOrder } from '@paas/store/dynos'
import { placeDyno, tellWaiting, unplaceDyno } from '@paas/store/placements'
import { say } from './app-lines.ts'
import type { Scheduler } from './deps.ts'
import { noticeFullDisk } from './full-disk.ts'

/** Fills in who waits for a place in vain and why, and who has to move and can. */
export async function judgePlaces(scheduler: Scheduler, appId: string, dynos: readonly WorldDyno[]): Promise<WorldDyno[]> {
  const { fleet, placer } = scheduler
  if (fleet.isAlone() && dynos.every(({ hostId }) => hostId !== null)) return [...dynos]
  for (const { id, type, size, hostId, state, wish } of dynos) {
    const leaving = wish !== null || state === 'draining' || state === 'stopping'
    if (leaving && hostId !== null && state !== 'crashed' && state !== 'down') placer.soonGone({ id, appId, type, size, hostId })
  }
  return Promise.all(
    dynos.map(async (dyno) => {
      const { type, releaseId, size, hostId, state } = dyno
      const order = { appId, type, releaseId, size }
      if (hostId === null) {
        const placement = state === 'starting' ? await placer.find(order) : undefined
        if (placement?.kind !== 'waiting') return { ...dyno, waiting: false }
        return { ...dyno, waiting: true, reason: await tellWhy(scheduler, dyno, { appId, why: placement.reason }) }
      }
      const host = fleet.get(hostId)?.host
      const leaves = (host?.draining || host?.removeWanted) && (state === 'up' || state === 'starting')
      const moving = leaves === true && (await placer.find({ ...order, not: [hostId] })).kind === 'placed'
      return { ...dyno, moving }
    }),
  )
}

/** What it waits for may change while it does: its row says what holds now. */
async function tellWhy(
  { store }: Scheduler,
  { id, reason }: WorldDyno,
  { appId, why }: { appId: string; why: string },
): Promise<string> {
  const now = `waiting: ${why}`
  if (now !== reason) await tellWaiting(store, { appId, id }, now)
  return now
}

/** A host for this dyno, written into its row and remembered; undefined: it waits, and its row says why. */
export async function findPlace(scheduler: Scheduler, order: DynoOrder): Promise<string | undefined> {
  const { store, fleet, placer, logs } = scheduler
  const { dyno, app, release, slug } = order
  if (dyno.hostId !== null) return dyno.hostId
  const wanted = { appId: app.id, type: dyno.type, releaseId: release.id, size: dyno.size, image: slug.image }
  placer.holds(fleet.local().host.id, slug.image) // where it was built
  const placement = await placer.find(wanted)
  if (placement.kind === 'waiting') {
    const reason = `waiting: ${placement.reason}`
    await tellWaiting(store, { appId: app.id, id: dyno.id }, reason)
    say(logs, app.id, `${dyno.type}.${dyno.number}`, `Waiting for a place: ${withoutHosts(placement.reason)}`)
    return undefined
  }
  const { hostId } = placement
  placer.take({ ...wanted, id: dyno.id, hostId })
  if (await placeDyno(store, { appId: app.id, id: dyno.id, hostId })) return hostId
  placer.leave(dyno.id)
  return (await findDynoOrder(store, { appId: app.id, id: dyno.id }))?.dyno.hostId ?? undefined
}

/** A dyno that did not start for want of space on its host, and for no other reason, is placed anew, elsewhere. True: the row has no host again. */
export async function leaveFullHost(
  scheduler: Scheduler,
  dyno: { appId: string; id: string; hostId: string },
  why: PlatformError,
): Promise<boolean> {
  if (!(await noticeFullDisk(scheduler, dyno.hostId, why))) return false
  if (!(await unplaceDyno(scheduler.store, dyno))) return false
  await scheduler.placer.refresh()
  scheduler.look(dyno.appId)
  return true
}
