// Releases, read: slug and config vars together, numbered without gaps.
// How one is made: releases-make.ts.
import { eligibleForRollback } from '@paas/domain/release'
import type { Prisma } from '../generated/client.ts'
import { isUuid } from './apps.ts'
import type { Store } from './store.ts'

export type ReleaseStatus = 'pending' | 'succeeded' | 'failed'

export interface Release {
  id: string
  appId: string
  version: number
  status: ReleaseStatus
  description: string
  slugId: string | null
  user: { id: string; email: string } | null
  /** The newest one that succeeded: what serves, or would. */
  current: boolean
  eligibleForRollback: boolean
  /** Its slug has a `release` process, whose output can be read. */
  hasPhase: boolean
  failure: { code: string; message: string } | null
  createdAt: Date
  updatedAt: Date
}

export interface ReleasePage {
  order: 'asc' | 'desc'
  take: number
  /** Only versions from this one on, in the order asked for. */
  from?: number | undefined
}

export async function listReleases(store: Store, appId: string, { order, take, from }: ReleasePage): Promise<Release[]> {
  const bound = from === undefined ? {} : { version: order === 'asc' ? { gte: from } : { lte: from } }
  const [rows, current] = await Promise.all([
    store.db.release.findMany({ where: { appId, ...bound }, orderBy: { version: order }, take, include: SHOWN }),
    currentVersion(store, appId),
  ])
  return rows.map((row) => plain(row, current))
}

/** By version (`12` or `v12`) or id. */
export async function findRelease(store: Store, appId: string, ref: string): Promise<Release | undefined> {
  const version = /^v?(\d{1,9})$/.exec(ref)?.[1]
  if (!version && !isUuid(ref)) return undefined
  const [row, current] = await Promise.all([
    store.db.release.findFirst({ where: { appId, ...(version ? { version: Number(version) } : { id: ref }) }, include: SHOWN }),
    currentVersion(store, appId),
  ])
  return row ? plain(row, current) : undefined
}

async function currentVersion(store: Store, appId: string): Promise<number | undefined> {
  const row = await store.db.release.findFirst({
    where: { appId, status: 'succeeded' },
    orderBy: { version: 'desc' },
    select: { version: true },
  })
  return row?.version
}

const SHOWN = { user: { select: { id: true, email: true } }, slug: { select: { processTypes: true } } } as const

function plain(row: Prisma.ReleaseGetPayload<{ include: typeof SHOWN }>, current: number | undefined): Release {
  const { id, appId, version, status, description, slugId, user, slug, createdAt, updatedAt } = row
  return {
    id,
    appId,
    version,
    status,
    description,
    slugId,
    user,
    current: version === current,
    eligibleForRollback: eligibleForRollback(row),
    hasPhase: slug !== null && 'release' in processTypesOf(slug.processTypes),
    failure: row.failureCode ? { code: row.failureCode, message: row.failureMessage ?? '' } : null,
    createdAt,
    updatedAt,
  }
}

/** What the builder wrote: command by process type; null is the image's own CMD. */
export function processTypesOf(json: unknown): Record<string, string | null> {
  return json as Record<string, string | null>
}
