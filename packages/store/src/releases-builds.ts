// Builds as people see them: with who pushed, and what came of it.
import type { Prisma } from '../generated/client.ts'
import { isUuid } from './apps.ts'
import type { Store } from './store.ts'

export interface BuildView {
  id: string
  appId: string
  number: number
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled'
  commit: string
  buildpacks: string[]
  user: { id: string; email: string } | null
  slugId: string | null
  releaseId: string | null
  failure: { code: string; message: string } | null
  createdAt: Date
  updatedAt: Date
}

const SHOWN = { user: { select: { id: true, email: true } }, slug: { select: { id: true } } } as const

/** The newest `take` builds of the app. */
export async function listBuildViews(store: Store, appId: string, take: number): Promise<BuildView[]> {
  const rows = await store.db.build.findMany({ where: { appId }, orderBy: { number: 'desc' }, take, include: SHOWN })
  const released = await releaseIds(store, appId, rows)
  return rows.map((row) => plain(row, released))
}

export async function findBuildView(store: Store, appId: string, buildId: string): Promise<BuildView | undefined> {
  if (!isUuid(buildId)) return undefined
  const row = await store.db.build.findFirst({ where: { appId, id: buildId }, include: SHOWN })
  return row ? plain(row, await releaseIds(store, appId, [row])) : undefined
}

async function releaseIds(
  store: Store,
  appId: string,
  builds: readonly { releaseVersion: number | null }[],
): Promise<Map<number, string>> {
  const versions = builds.map(({ releaseVersion }) => releaseVersion).filter((version) => version !== null)
  if (versions.length === 0) return new Map()
  const rows = await store.db.release.findMany({
    where: { appId, version: { in: versions } },
    select: { id: true, version: true },
  })
  return new Map(rows.map(({ id, version }) => [version, id]))
}

function plain(row: Prisma.BuildGetPayload<{ include: typeof SHOWN }>, released: ReadonlyMap<number, string>): BuildView {
  const {
    id,
    appId,
    number,
    status,
    commit,
    buildpacks,
    user,
    slug,
    releaseVersion,
    failureCode,
    failureMessage,
    createdAt,
    updatedAt,
  } = row
  return {
    ...{ id, appId, number, status, commit, buildpacks, user, createdAt, updatedAt },
    slugId: slug?.id ?? null,
    releaseId: releaseVersion === null ? null : (released.get(releaseVersion) ?? null),
    failure: failureCode ? { code: failureCode, message: failureMessage ?? '' } : null,
  }
}
