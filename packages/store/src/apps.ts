// Apps: the noun everything else belongs to.
//
// An app is only ever found together with who asks (`Viewer`): somebody
// else's app and one that does not exist are the same `undefined`. Rows that
// belong to an app are then reached by the id found that way.

import { PlatformError } from '@paas/domain/errors'
import { INITIAL_RELEASE } from '@paas/domain/release'
import type { Prisma } from '../generated/client.ts'
import { sealConfig } from './config.ts'
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

/** Who asks: an owner sees the own apps, an admin every app. */
export interface Viewer {
  id: string
  admin: boolean
}

export interface App {
  id: string
  name: string
  owner: { id: string; email: string }
  maintenance: boolean
  buildpacks: string[]
  lastVersion: number
  repoBytes: number
  slugBytes: number | null
  releasedAt: Date | null
  createdAt: Date
  updatedAt: Date
}

export type Tx = Prisma.TransactionClient

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const WITH_OWNER = { owner: { select: { id: true, email: true } } } as const

/** Postgres refuses to compare an id with anything else, so look before asking. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** By name or id; undefined when there is none that this viewer may see. */
export async function findApp(store: Store, viewer: Viewer, nameOrId: string): Promise<App | undefined> {
  if (nameOrId.includes('\0')) return undefined
  const which = isUuid(nameOrId) ? { id: nameOrId } : { name: nameOrId }
  const row = await store.db.app.findFirst({ where: { ...which, ...visibleTo(viewer) }, include: WITH_OWNER })
  return row ? plain(row) : undefined
}

/** Whether Postgres answers. */
export async function isReachable(store: Store): Promise<boolean> {
  return store.db.$queryRaw`SELECT 1`.then(
    () => true,
    () => false,
  )
}

/** Whether it has not been destroyed, for those whose right to it was checked before (a signed address). */
export async function appExists(store: Store, appId: string): Promise<boolean> {
  return isUuid(appId) && (await store.db.app.count({ where: { id: appId, destroyedAt: null } })) === 1
}

/** All that the viewer may see, by name. */
export async function listApps(store: Store, viewer: Viewer): Promise<App[]> {
  const rows = await store.db.app.findMany({ where: visibleTo(viewer), include: WITH_OWNER, orderBy: { name: 'asc' } })
  return rows.map(plain)
}

/** With its first release, v1. Throws `name_taken`. */
export async function createApp(store: Store, owner: { id: string }, name: string): Promise<App> {
  const id = crypto.randomUUID()
  return claimingName(name, () =>
    store.db.$transaction(async (tx) => {
      const row = await tx.app.create({
        data: { id, name, ownerId: owner.id, lastVersion: 1, releasedAt: new Date() },
        include: WITH_OWNER,
      })
      const config = await tx.configSet.create({ data: { appId: id, sealed: sealConfig(store, id, {}) }, select: { id: true } })
      await tx.release.create({
        data: { appId: id, version: 1, status: 'succeeded', description: INITIAL_RELEASE, configId: config.id, userId: owner.id },
      })
      await wake(tx, 'app', id)
      return plain(row)
    }),
  )
}

export interface AppChange {
  name?: string | undefined
  maintenance?: boolean | undefined
  buildpacks?: string[] | undefined
}

/** Throws `name_taken`, or `not_found` when it was destroyed meanwhile. */
export async function changeApp(store: Store, appId: string, { name, maintenance, buildpacks }: AppChange): Promise<App> {
  const data: Prisma.AppUpdateInput = {}
  if (name !== undefined) data.name = name
  if (maintenance !== undefined) data.maintenance = maintenance
  if (buildpacks !== undefined) data.buildpacks = buildpacks
  return claimingName(name ?? '', () =>
    store.db.$transaction(async (tx) => {
      await lockApp(tx, appId)
      const row = await tx.app.update({ where: { id: appId }, data, include: WITH_OWNER })
      await wake(tx, 'app', appId)
      return plain(row)
    }),
  )
}

/** From here on nobody finds it: its name and domains are free at once, its builds are canceled, and the scheduler removes what runs, then the row. */
export async function destroyApp(store: Store, appId: string): Promise<void> {
  await store.db.$transaction(async (tx) => {
    await lockApp(tx, appId)
    await tx.domain.deleteMany({ where: { appId } })
    await tx.build.updateMany({ where: { appId, status: 'running' }, data: { cancelWanted: true } })
    await tx.build.updateMany({
      where: { appId, status: 'queued' },
      data: { status: 'canceled', failureCode: 'build_canceled', finishedAt: new Date() },
    })
    // No app can be created with this name: `~` is not in the rule.
    await tx.app.update({ where: { id: appId }, data: { destroyedAt: new Date(), name: `~${appId}` } })
    await wake(tx, 'app', appId)
  })
}

/** Takes the app's row lock for the rest of the transaction: one writer at a time decides from what it reads. Throws `not_found`. */
export async function lockApp(tx: Tx, appId: string): Promise<{ lastVersion: number }> {
  const [row] = await tx.$queryRaw<{ last_version: number }[]>`
    SELECT last_version FROM apps WHERE id = ${appId}::uuid AND destroyed_at IS NULL FOR UPDATE`
  if (!row) throw new PlatformError('not_found', "Couldn't find that app.")
  return { lastVersion: row.last_version }
}

function visibleTo(viewer: Viewer): Prisma.AppWhereInput {
  return viewer.admin ? { destroyedAt: null } : { destroyedAt: null, ownerId: viewer.id }
}

/** Two may ask for one name at the same moment; the database's unique index is what decides. */
async function claimingName<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'P2002') throw cause
    throw new PlatformError('name_taken', `Name ${name} is already taken`, { cause })
  }
}

type Row = Prisma.AppGetPayload<{ include: typeof WITH_OWNER }>

function plain({
  id,
  name,
  owner,
  maintenance,
  buildpacks,
  lastVersion,
  repoBytes,
  slugBytes,
  releasedAt,
  createdAt,
  updatedAt,
}: Row): App {
  return {
    id,
    name,
    owner: { id: owner.id, email: owner.email },
    maintenance,
    buildpacks,
    lastVersion,
    repoBytes: Number(repoBytes),
    slugBytes: slugBytes === null ? null : Number(slugBytes),
    releasedAt,
    createdAt,
    updatedAt,
  }
}
