// What the scheduler reads: one app's rows, as one picture of one moment.
import type { AppWorld, WorldDyno, WorldRelease } from '@paas/domain/world'
import type { Prisma } from '../generated/client.ts'
import { processTypesOf } from './releases.ts'
import type { Store } from './store.ts'

/** A picture without what only the engine and the scheduler itself know. */
export type AppRows = Omit<AppWorld, 'containers'>

const RELEASE = {
  select: { id: true, version: true, createdAt: true, phaseDone: true, slug: { select: { processTypes: true, image: true } } },
} as const

/** Undefined when the row is gone. Destroyed apps are there until everything of them is. */
export async function readAppRows(store: Store, appId: string): Promise<AppRows | undefined> {
  const [app, current] = await Promise.all([
    store.db.app.findUnique({
      where: { id: appId },
      select: {
        ...{ name: true, destroyedAt: true, maintenance: true },
        domains: { select: { hostname: true }, orderBy: { hostname: 'asc' } },
        formations: { select: { type: true, quantity: true, size: true, singleton: true }, orderBy: { type: 'asc' } },
        releases: { where: { status: 'pending', slugId: { not: null } }, orderBy: { version: 'asc' }, ...RELEASE },
        dynos: { include: { release: { select: { version: true } } } },
      },
    }),
    store.db.release.findFirst({
      where: { appId, status: 'succeeded', slugId: { not: null } },
      orderBy: { version: 'desc' },
      ...RELEASE,
    }),
  ])
  if (!app) return undefined
  return {
    id: appId,
    name: app.name,
    destroyed: app.destroyedAt !== null,
    maintenance: app.maintenance,
    domains: app.domains.map(({ hostname }) => hostname),
    current: current ? releaseOf(current) : undefined,
    pending: app.releases.map(releaseOf),
    formation: app.formations,
    dynos: app.dynos.map(dynoOf),
  }
}

/** Every app, destroyed ones included. */
export async function listAppIds(store: Store): Promise<string[]> {
  const rows = await store.db.app.findMany({ select: { id: true }, orderBy: { createdAt: 'asc' } })
  return rows.map(({ id }) => id)
}

function releaseOf({ id, version, createdAt, phaseDone, slug }: Prisma.ReleaseGetPayload<typeof RELEASE>): WorldRelease {
  const { image = '', processTypes = {} } = slug ?? {}
  return { id, version, createdAtMs: createdAt.getTime(), phaseDone, image, processTypes: processTypesOf(processTypes) }
}

function dynoOf(row: Prisma.DynoGetPayload<{ include: { release: { select: { version: true } } } }>): WorldDyno {
  const { id, releaseId, type, number, size, state, crashes, exitCode, reason, attach, address, port, hostId } = row
  return {
    ...{ id, releaseId, type, number, size, state, crashes, exitCode, reason, attach, address, port, hostId },
    version: row.release.version,
    stateSinceMs: row.stateSince.getTime(),
    createdAtMs: row.createdAt.getTime(),
    wish: row.wish === 'restart' || row.wish === 'stop' ? row.wish : null,
    retryAtMs: row.retryAt?.getTime() ?? null,
    // What only the scheduler knows:
    ...{ reach: 'seen', waiting: false, moving: false, busy: undefined },
  }
}
