// Where dynos are and where they may be: for whoever places them, and for the
// api, which writes what an app's owner asked for.
import { PlatformError } from '@paas/domain/errors'
import { lockApp } from './apps.ts'
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

/** A dyno that holds a place on a host: anything but one that has ended. */
export interface Placed {
  id: string
  appId: string
  type: string
  releaseId: string
  size: string
  hostId: string
}

export const HOLDS_NOTHING = ['crashed', 'down'] as const

export async function listPlaced(store: Store): Promise<Placed[]> {
  const rows = await store.db.dyno.findMany({
    where: { hostId: { not: null }, state: { notIn: [...HOLDS_NOTHING] } },
    select: { id: true, appId: true, type: true, releaseId: true, size: true, hostId: true },
  })
  return rows.map((row) => ({ ...row, hostId: row.hostId! }))
}

/** What an app's owner asked for with `ps:place`. */
export interface PlaceWish {
  on: Record<string, string>
  strategy: 'spread' | 'pack'
}

export async function readPlaceWish(store: Store, appId: string, type: string): Promise<PlaceWish> {
  const row = await store.db.formation.findUnique({
    where: { appId_type: { appId, type } },
    select: { on: true, strategy: true },
  })
  return wishOf(row ?? { on: {}, strategy: 'spread' })
}

function wishOf({ on, strategy }: { on: unknown; strategy: string }): PlaceWish {
  return { on: (on ?? {}) as Record<string, string>, strategy: strategy === 'pack' ? 'pack' : 'spread' }
}

/** `singleton`: never more than wanted, even while a host is out of reach. */
export interface PlaceSetting extends PlaceWish {
  singleton: boolean
}

export async function findPlaceSetting(store: Store, appId: string, type: string): Promise<PlaceSetting | undefined> {
  const row = await store.db.formation.findUnique({
    where: { appId_type: { appId, type } },
    select: { on: true, strategy: true, singleton: true },
  })
  return row ? { ...wishOf(row), singleton: row.singleton } : undefined
}

/** Undefined fields stay as they are. Moves nothing: it holds for whatever is placed from now on. Throws `not_found`. */
export async function changePlaceSetting(
  store: Store,
  appId: string,
  type: string,
  { on, strategy, singleton }: { [K in keyof PlaceSetting]?: PlaceSetting[K] | undefined },
): Promise<PlaceSetting> {
  return store.db.$transaction(async (tx) => {
    await lockApp(tx, appId)
    const [row] = await tx.formation.updateManyAndReturn({
      where: { appId, type },
      data: { ...(on && { on }), ...(strategy && { strategy }), ...(singleton !== undefined && { singleton }) },
    })
    if (!row) throw new PlatformError('not_found', "Couldn't find that process type.")
    await wake(tx, 'app', appId)
    return { ...wishOf(row), singleton: row.singleton }
  })
}

/** What was asked for, of every app and process type where it is not the default: for the one who looks at all hosts. */
export async function listPlaceWishes(store: Store): Promise<(PlaceWish & { appId: string; type: string })[]> {
  const rows = await store.db.formation.findMany({
    where: { NOT: { on: { equals: {} }, strategy: 'spread' } },
    select: { appId: true, type: true, on: true, strategy: true },
  })
  return rows.map((row) => ({ appId: row.appId, type: row.type, ...wishOf(row) }))
}

/** `shop`, `web.1` of each of these dynos that is still there. */
export async function nameDynos(
  store: Store,
  ids: readonly string[],
): Promise<Map<string, { appId: string; app: string; dyno: string }>> {
  const rows = await store.db.dyno.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, appId: true, type: true, number: true, app: { select: { name: true } } },
  })
  return new Map(rows.map(({ id, appId, type, number, app }) => [id, { appId, app: app.name, dyno: `${type}.${number}` }]))
}

/** Where this dyno is; undefined when the row is gone. */
export async function findDynoHost(
  store: Store,
  { appId, id }: { appId: string; id: string },
): Promise<{ hostId: string | null } | undefined> {
  return (await store.db.dyno.findUnique({ where: { id, appId }, select: { hostId: true } })) ?? undefined
}

/** Leaves the wish to be restarted on these dynos of one app; gives back how many took it. */
export async function wishRestarted(store: Store, appId: string, ids: readonly string[]): Promise<number> {
  return store.db.$transaction(async (tx) => {
    await lockApp(tx, appId)
    const { count } = await tx.dyno.updateMany({
      where: { appId, id: { in: [...ids] }, state: { in: ['starting', 'up'] } },
      data: { wish: 'restart' },
    })
    await wake(tx, 'app', appId)
    return count
  })
}

/** A dyno without a place gets this one; false when it has one, or is gone. */
export async function placeDyno(
  store: Store,
  { appId, id, hostId }: { appId: string; id: string; hostId: string },
): Promise<boolean> {
  const { count } = await store.db.dyno.updateMany({
    where: { id, appId, hostId: null, state: 'starting' },
    data: { hostId, reason: null },
  })
  return count > 0
}

/** A dyno that could not be started where it was placed has no place again; false when it has started, moved or gone meanwhile. */
export async function unplaceDyno(
  store: Store,
  { appId, id, hostId }: { appId: string; id: string; hostId: string },
): Promise<boolean> {
  const { count } = await store.db.dyno.updateMany({
    where: { id, appId, hostId, state: 'starting', containerId: null },
    data: { hostId: null },
  })
  return count > 0
}

/** A dyno that has to wait for a place says why. */
export async function tellWaiting(store: Store, { appId, id }: { appId: string; id: string }, reason: string): Promise<void> {
  const { count } = await store.db.dyno.updateMany({
    where: { id, appId, hostId: null, state: 'starting', OR: [{ reason: null }, { reason: { not: reason } }] },
    data: { reason },
  })
  if (count > 0) await wake(store.db, 'dyno', appId)
}
