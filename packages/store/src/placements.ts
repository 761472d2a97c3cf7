// Where dynos are, for whoever places them.
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

const HOLDS_NOTHING = ['crashed', 'down'] as const

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
  return { on: (row?.on ?? {}) as Record<string, string>, strategy: row?.strategy === 'pack' ? 'pack' : 'spread' }
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

/** A dyno that has to wait for a place says why. */
export async function tellWaiting(store: Store, { appId, id }: { appId: string; id: string }, reason: string): Promise<void> {
  const { count } = await store.db.dyno.updateMany({
    where: { id, appId, hostId: null, state: 'starting', NOT: { reason } },
    data: { reason },
  })
  if (count > 0) await wake(store.db, 'dyno', appId)
}
