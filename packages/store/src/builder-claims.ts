// What the builder asks of the rows: which builds wait, which it may take, and
// which images, caches and sources are still needed.
import { Prisma } from '../generated/client.ts'
import { type Build, type Claim, plain } from './builds.ts'
import { unseal } from './seal.ts'
import type { Store } from './store.ts'

/** A claim of a build that has been claimed this often is its last: what kills a builder again and again must end. */
export const MAX_ATTEMPTS = 4

/**
 * Takes the app's next build: a running one whose lease has run out, else the
 * oldest queued one. Undefined when there is none, or another build of the app
 * is running. By the database's clock, so that builders need not agree on time.
 */
export async function claimBuild(
  store: Store,
  appId: string,
  leaseMs: number,
): Promise<{ build: Build; attempt: number } | undefined> {
  try {
    const claimed = await store.db.$queryRaw<{ id: string }[]>`
      UPDATE builds SET status = 'running', attempt = attempt + 1, updated_at = now(),
             lease_until = now() + ${leaseMs} * interval '1 millisecond'
       WHERE id = (SELECT id FROM builds
                    WHERE app_id = ${appId}::uuid
                      AND (status = 'queued' OR (status = 'running' AND lease_until < now()))
                      AND NOT EXISTS (SELECT 1 FROM builds other WHERE other.app_id = ${appId}::uuid
                                       AND other.status = 'running' AND other.lease_until >= now())
                      AND EXISTS (SELECT 1 FROM apps WHERE apps.id = builds.app_id AND destroyed_at IS NULL)
                    ORDER BY status = 'running' DESC, number
                    LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id`
    const id = claimed[0]?.id
    const row = id ? await store.db.build.findUnique({ where: { id, appId } }) : undefined
    return row ? { build: plain(row), attempt: row.attempt } : undefined
  } catch (error) {
    if (isOneRunning(error)) return undefined // another builder was faster by a moment
    throw error
  }
}

/** Holds it for `leaseMs` more and tells whether somebody wants it canceled. Undefined: it is ours no more. */
export async function renewLease(
  store: Store,
  { id, appId, attempt }: Claim,
  leaseMs: number,
): Promise<{ cancelWanted: boolean } | undefined> {
  const rows = await store.db.$queryRaw<{ cancel_wanted: boolean }[]>`
    UPDATE builds SET lease_until = now() + ${leaseMs} * interval '1 millisecond'
     WHERE id = ${id}::uuid AND app_id = ${appId}::uuid AND attempt = ${attempt} AND status = 'running'
    RETURNING cancel_wanted`
  return rows[0] && { cancelWanted: rows[0].cancel_wanted }
}

/** Whether somebody wants it canceled. */
export async function isCancelWanted(store: Store, { id, appId }: Pick<Claim, 'id' | 'appId'>): Promise<boolean> {
  const row = await store.db.build.findUnique({ where: { id, appId }, select: { cancelWanted: true } })
  return row?.cancelWanted ?? true
}

/**
 * Per app the next build to do: queued, or running without a living lease.
 * Owners take turns, by what each has running and before it in the queue, so
 * that one who pushes a hundred apps makes nobody wait for a hundred builds;
 * oldest first among equals. Apps whose build is under way have none.
 */
export async function findBuildsToDo(store: Store, limit = 100): Promise<{ id: string; appId: string }[]> {
  return store.db.$queryRaw<{ id: string; appId: string }[]>`
    WITH under_way AS (
      SELECT b.app_id, apps.owner_id FROM builds b JOIN apps ON apps.id = b.app_id
       WHERE b.status = 'running' AND b.lease_until >= now()
    ), next AS (
      SELECT DISTINCT ON (b.app_id) b.id, b.app_id, apps.owner_id, b.number FROM builds b
        JOIN apps ON apps.id = b.app_id AND apps.destroyed_at IS NULL
       WHERE (b.status = 'queued' OR (b.status = 'running' AND b.lease_until < now()))
         AND b.app_id NOT IN (SELECT app_id FROM under_way)
       ORDER BY b.app_id, b.status = 'running' DESC, b.number
    )
    SELECT id, app_id AS "appId" FROM next
     ORDER BY row_number() OVER (PARTITION BY owner_id ORDER BY number)
              + (SELECT count(*) FROM under_way WHERE under_way.owner_id = next.owner_id), number
     LIMIT ${limit}`
}

/** Of these apps, those that have built nothing for that many days. */
export async function findIdleApps(store: Store, ids: string[], days: number): Promise<Set<string>> {
  const rows = await store.db.$queryRaw<{ id: string }[]>`
    SELECT apps.id FROM apps WHERE apps.id = ANY(${ids}::uuid[])
       AND NOT EXISTS (SELECT 1 FROM builds b WHERE b.app_id = apps.id AND b.created_at > now() - ${days} * interval '1 day')`
  return new Set(rows.map(({ id }) => id))
}

/** What the builder has to know of the app: how to build it. */
export async function findBuildApp(
  store: Store,
  appId: string,
): Promise<{ name: string; buildpacks: string[]; env: Record<string, string> } | undefined> {
  const app = await store.db.app.findUnique({
    where: { id: appId },
    select: {
      name: true,
      buildpacks: true,
      releases: {
        where: { status: { not: 'failed' } },
        orderBy: { version: 'desc' },
        take: 1,
        select: { config: { select: { sealed: true } } },
      },
    },
  })
  if (!app) return undefined
  const sealed = app.releases[0]?.config.sealed
  const env = sealed ? (JSON.parse(unseal(store.key, appId, sealed)) as Record<string, string>) : {}
  return { name: app.name, buildpacks: app.buildpacks, env }
}

/** Builds that have ended and whose source still lies on disk. */
export async function findSpentSources(store: Store, limit = 100): Promise<{ id: string; appId: string; sourcePath: string }[]> {
  const rows = await store.db.build.findMany({
    where: { status: { in: ['succeeded', 'failed', 'canceled'] }, sourcePath: { not: null } },
    select: { id: true, appId: true, sourcePath: true },
    orderBy: { number: 'asc' },
    take: limit,
  })
  return rows.map(({ id, appId, sourcePath }) => ({ id, appId, sourcePath: sourcePath! }))
}

/** Notes that its source is gone from disk. */
export async function forgetSource(store: Store, { id, appId }: Pick<Claim, 'id' | 'appId'>): Promise<void> {
  await store.db.build.updateMany({ where: { id, appId }, data: { sourcePath: null } })
}

/** Of these builds, those that are running with a living lease. */
export async function findLeased(store: Store, ids: string[]): Promise<Set<string>> {
  const rows = await store.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM builds WHERE id = ANY(${ids}::uuid[]) AND status = 'running' AND lease_until >= now()`
  return new Set(rows.map(({ id }) => id))
}

/** Acts while none of the app's waiting builds can begin. False, and nothing was done: one is under way. */
export async function withoutBuild(store: Store, appId: string, act: () => Promise<void>): Promise<boolean> {
  return store.db.$transaction(
    async (tx) => {
      const rows = await tx.$queryRaw<{ status: string }[]>`
        SELECT status FROM builds WHERE app_id = ${appId}::uuid AND status IN ('queued', 'running') FOR UPDATE`
      if (rows.some(({ status }) => status === 'running')) return false
      await act()
      return true
    },
    { timeout: 60_000 },
  )
}

/** Of these apps, those that exist. */
export async function findLivingApps(store: Store, ids: string[]): Promise<Set<string>> {
  const rows = await store.db.app.findMany({ where: { id: { in: ids }, destroyedAt: null }, select: { id: true } })
  return new Set(rows.map(({ id }) => id))
}

/**
 * Images of the app that something may still start: of its last `keep`
 * releases, of releases its dynos run, of slugs no release was made of yet.
 * Read under the app row's lock, and `act` runs under it, so that no release
 * comes between.
 */
export async function withNeededImages(
  store: Store,
  appId: string,
  keep: number,
  act: (needed: ReadonlySet<string>) => Promise<void>,
): Promise<void> {
  await store.db.$transaction(
    async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM apps WHERE id = ${appId}::uuid FOR UPDATE`
      const rows = await tx.$queryRaw<{ image: string }[]>`
        SELECT image FROM slugs s WHERE s.app_id = ${appId}::uuid AND (
               s.id IN (SELECT slug_id FROM (SELECT DISTINCT ON (slug_id) slug_id, version FROM releases
                          WHERE app_id = ${appId}::uuid AND slug_id IS NOT NULL AND status <> 'failed' ORDER BY slug_id, version DESC) AS last
                         ORDER BY version DESC LIMIT ${keep})
            OR s.id IN (SELECT r.slug_id FROM releases r WHERE r.app_id = ${appId}::uuid AND r.status = 'pending')
            OR s.id IN (SELECT r.slug_id FROM dynos d JOIN releases r ON r.id = d.release_id WHERE d.app_id = ${appId}::uuid)
            OR NOT EXISTS (SELECT 1 FROM releases r WHERE r.slug_id = s.id))`
      await act(new Set(rows.map(({ image }) => image)))
    },
    { timeout: 60_000 },
  )
}

function isOneRunning(error: unknown): boolean {
  return (
    error instanceof Prisma.PrismaClientKnownRequestError &&
    JSON.stringify([error.message, error.meta]).includes('builds_one_running')
  )
}
