// Builds: one attempt on one commit. The receiver adds them, a builder claims
// them, and the api makes a release of one that succeeded.
//
// A claim raises `attempt`, and every later write of the builder names it: a
// builder that was paused and replaced meanwhile changes nothing (the write
// finds no row and says so). The unique index `builds_one_running` holds one
// build per app at a time, whatever workers believe. How a claim works:
// builder-claims.ts.
import { PlatformError } from '@paas/domain/errors'
import type { Prisma } from '../generated/client.ts'
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

export type BuildStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled'

export interface Build {
  id: string
  appId: string
  userId: string | null
  /** Order of arrival. */
  number: number
  status: BuildStatus
  commit: string
  sourcePath: string | null
  sourceBytes: number
  buildpacks: string[]
  attempt: number
  leaseUntil: Date | null
  cancelWanted: boolean
  failureCode: string | null
  failureMessage: string | null
  releaseVersion: number | null
  createdAt: Date
  updatedAt: Date
  finishedAt: Date | null
}

export interface NewBuild {
  id: string
  appId: string
  userId: string | null
  commit: string
  sourcePath: string
  sourceBytes: number
}

/** What a build made. `command` null: the image's own CMD. */
export interface NewSlug {
  image: string
  processTypes: Record<string, string | null>
  healthPath: string | undefined
  language: string
  bytes: number
  buildpacks: string[]
}

/** A builder's hold on a build. */
export interface Claim {
  id: string
  appId: string
  attempt: number
}

/** Queues a build. Repeating it with the same id changes nothing and gives back the first one. */
export async function createBuild(store: Store, build: NewBuild): Promise<Build> {
  return store.db.$transaction(async (tx) => {
    const row = await tx.build.upsert({ where: { id: build.id, appId: build.appId }, create: build, update: {} })
    await wake(tx, 'build', build.id)
    return plain(row)
  })
}

/** The app's build; throws `not_found`. */
export async function getBuild(store: Store, { appId, buildId }: { appId: string; buildId: string }): Promise<Build> {
  const row = await store.db.build.findUnique({ where: { id: buildId, appId } })
  if (!row) throw new PlatformError('not_found', "Couldn't find that build.")
  return plain(row)
}

/** The image of a build that succeeded, and whose it is. */
export async function findBuiltImage(store: Store, buildId: string): Promise<{ appId: string; image: string } | undefined> {
  const slug = await store.db.slug.findUnique({ where: { buildId }, select: { appId: true, image: true } })
  return slug ?? undefined
}

/** The app's builds, newest first. */
export async function listBuilds(store: Store, appId: string, limit = 200): Promise<Build[]> {
  const rows = await store.db.build.findMany({ where: { appId }, orderBy: { number: 'desc' }, take: limit })
  return rows.map(plain)
}

/** Ends it with its slug, in one transaction. False: another attempt has taken over, or it has ended, and nothing was written. */
export async function finishBuild(store: Store, { id, appId, attempt }: Claim, slug: NewSlug): Promise<boolean> {
  return store.db.$transaction(async (tx) => {
    const [ended] = await tx.build.updateManyAndReturn({
      where: { id, appId, attempt, status: 'running' },
      data: { status: 'succeeded', buildpacks: slug.buildpacks, leaseUntil: null, finishedAt: new Date() },
      select: { commit: true },
    })
    if (!ended) return false
    const { image, processTypes, healthPath, language, bytes } = slug
    const values = { image, processTypes, healthPath: healthPath ?? null, language, bytes, commit: ended.commit }
    await tx.slug.create({ data: { ...values, appId, buildId: id } })
    await wake(tx, 'build', id)
    return true
  })
}

/** Ends it without a slug; `canceled` when that was the wish. False: fenced, as in `finishBuild`. */
export async function failBuild(
  store: Store,
  { id, appId, attempt }: Claim,
  failure: { code: string; message: string; buildpacks?: string[]; canceled?: boolean },
): Promise<boolean> {
  return store.db.$transaction(async (tx) => {
    const { count } = await tx.build.updateMany({
      where: { id, appId, attempt, status: 'running' },
      data: {
        status: failure.canceled ? 'canceled' : 'failed',
        failureCode: failure.code,
        failureMessage: failure.message,
        buildpacks: failure.buildpacks ?? [],
        leaseUntil: null,
        finishedAt: new Date(),
      },
    })
    if (count > 0) await wake(tx, 'build', id)
    return count > 0
  })
}

/** Wishes a build away: a queued one ends at once, a running one is stopped by its builder. Throws `not_found`, or `conflict` when it has ended. */
export async function cancelBuild(store: Store, { appId, buildId }: { appId: string; buildId: string }): Promise<Build> {
  return store.db.$transaction(async (tx) => {
    const canceled = {
      status: 'canceled',
      failureCode: 'build_canceled',
      failureMessage: 'The build was canceled',
      finishedAt: new Date(),
    } as const
    const { count: wasQueued } = await tx.build.updateMany({ where: { id: buildId, appId, status: 'queued' }, data: canceled })
    const { count: wasRunning } = await tx.build.updateMany({
      where: { id: buildId, appId, status: 'running' },
      data: { cancelWanted: true },
    })
    const row = await tx.build.findUnique({ where: { id: buildId, appId } })
    if (!row) throw new PlatformError('not_found', "Couldn't find that build.")
    if (wasQueued + wasRunning === 0) throw new PlatformError('conflict', `That build has ended already: it ${row.status}.`)
    await wake(tx, 'build', buildId)
    return plain(row)
  })
}

/** A row as others see it: numbers for byte counts, nothing of Prisma's. */
export function plain(row: Prisma.BuildGetPayload<object>): Build {
  return { ...row, sourceBytes: Number(row.sourceBytes) }
}
