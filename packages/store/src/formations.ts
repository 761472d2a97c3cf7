// Formations: what people have scaled to.
import { PlatformError } from '@paas/domain/errors'
import { type FormationUpdate, planFormation } from '@paas/domain/formation'
import type { Prisma } from '../generated/client.ts'
import { lockApp, type Tx } from './apps.ts'
import { processTypesOf } from './releases.ts'
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

export interface Formation {
  id: string
  appId: string
  type: string
  /** null: the image's own CMD. */
  command: string | null
  quantity: number
  size: string
  createdAt: Date
  updatedAt: Date
}

/** The process types of the app's code, by name. Empty before its first deploy. */
export async function listFormations(store: Store, appId: string): Promise<Formation[]> {
  return read(store.db, appId)
}

/** All updates or none, decided from the quantities under the lock, so that two `+1` make two. Throws `invalid_params`. Gives back what was named. */
export async function changeFormations(store: Store, appId: string, updates: readonly FormationUpdate[]): Promise<Formation[]> {
  return store.db.$transaction(async (tx) => {
    await lockApp(tx, appId)
    const change = planFormation(await read(tx, appId), updates)
    if (change.kind === 'refused') throw new PlatformError('invalid_params', change.message)
    for (const { type, quantity, size } of change.entries) {
      await tx.formation.update({ where: { appId_type: { appId, type } }, data: { quantity, size } })
    }
    await wake(tx, 'app', appId)
    const touched = new Set(change.entries.map(({ type }) => type))
    return (await read(tx, appId)).filter(({ type }) => touched.has(type))
  })
}

/** Rows of types that the newest slug no longer has may linger while an older release serves; nobody can scale those. */
async function read(db: Tx | Store['db'], appId: string): Promise<Formation[]> {
  const rows: Prisma.FormationGetPayload<object>[] = await db.formation.findMany({ where: { appId }, orderBy: { type: 'asc' } })
  const base = await db.release.findFirst({
    where: { appId, status: { not: 'failed' }, slugId: { not: null } },
    orderBy: { version: 'desc' },
    select: { slug: { select: { processTypes: true } } },
  })
  const commands = new Map(Object.entries(processTypesOf(base?.slug?.processTypes ?? {})))
  return rows.filter(({ type }) => commands.has(type)).map((row) => ({ ...row, command: commands.get(row.type) ?? null }))
}
