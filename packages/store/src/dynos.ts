// Dyno rows, written by the scheduler alone. Every change names the states it
// starts from: what two jobs do to one dyno at once ends with one of them.
// What the api sees and asks for: dynos-api.ts.

import { isOneOff } from '@paas/domain/world'
import { unsealConfig } from './config.ts'
import type { DynoState } from './dynos-api.ts'
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

export interface NewDyno {
  id: string
  appId: string
  releaseId: string
  type: string
  number: number
  size: string
  command: string | null
  /** Where its container is already; absent: it has to be placed. */
  hostId?: string | null
}

export interface DynoChange {
  state?: DynoState
  containerId?: string
  address?: string
  port?: number
  crashes?: number
  retryAt?: Date | null
  exitCode?: number | null
  reason?: string | null
}

export interface DynoFacts {
  /** `web.1` */
  name: string
  /** `run` or `release`: not part of the formation. */
  oneOff: boolean
  hostId: string | null
  state: DynoState
  stateSince: Date
  crashes: number
  exitCode: number | null
  reason: string | null
}

/** All that starting a dyno takes. Config vars are in clear: never log this. */
export interface DynoOrder {
  dyno: {
    id: string
    type: string
    number: number
    size: string
    command: string | null
    /** null: not placed yet. */
    hostId: string | null
    tty: boolean
    /** Extra variables of a one-off. */
    env: Record<string, string>
  }
  app: { id: string; name: string }
  release: { id: string; version: number; createdAt: Date }
  slug: { image: string; commit: string; healthPath: string | null }
  config: Record<string, string>
}

/** Repeating it with the same id changes nothing. */
export async function addDyno(store: Store, dyno: NewDyno): Promise<void> {
  await store.db.dyno.createMany({ data: [dyno], skipDuplicates: true })
  await wake(store.db, 'dyno', dyno.appId)
}

/** False: it is in none of these states any more, and nothing was written. */
export async function changeDyno(
  store: Store,
  which: { appId: string; id: string; from: readonly DynoState[] },
  change: DynoChange,
): Promise<boolean> {
  const { appId, id, from } = which
  const { count } = await store.db.dyno.updateMany({
    where: { id, appId, state: { in: [...from] } },
    data: { ...change, ...(change.state && { stateSince: new Date() }) },
  })
  if (count > 0) await wake(store.db, 'dyno', appId)
  return count > 0
}

/** A new row takes the crashed one's place and remembers how often it crashed. Undefined: it is not crashed any more. */
export async function replaceCrashed(store: Store, { appId, id }: { appId: string; id: string }): Promise<NewDyno | undefined> {
  return store.db.$transaction(async (tx) => {
    const [old] = await tx.dyno.updateManyAndReturn({
      where: { id, appId, state: 'crashed' },
      data: { state: 'down', stateSince: new Date() },
    })
    if (!old) return undefined
    const { releaseId, type, number, size, command, crashes } = old
    const next = { id: crypto.randomUUID(), appId, releaseId, type, number, size, command }
    await tx.dyno.create({ data: { ...next, crashes } })
    await wake(tx, 'dyno', appId)
    return next
  })
}

/** Where it stands; undefined when the row is gone. */
export async function findDyno(store: Store, { appId, id }: { appId: string; id: string }): Promise<DynoFacts | undefined> {
  const row = await store.db.dyno.findUnique({ where: { id, appId } })
  if (!row) return undefined
  const { type, number, hostId, state, stateSince, crashes, exitCode, reason } = row
  return { name: `${type}.${number}`, oneOff: isOneOff({ type }), hostId, state, stateSince, crashes, exitCode, reason }
}

/** Only one that is down. */
export async function deleteDyno(store: Store, { appId, id }: { appId: string; id: string }): Promise<void> {
  await store.db.dyno.deleteMany({ where: { id, appId, state: 'down' } })
}

/** Undefined when the dyno, or its release's code, is gone. */
export async function findDynoOrder(store: Store, { appId, id }: { appId: string; id: string }): Promise<DynoOrder | undefined> {
  const row = await store.db.dyno.findUnique({
    where: { id, appId },
    include: { app: { select: { name: true } }, release: { include: { slug: true, config: { select: { sealed: true } } } } },
  })
  if (!row?.release.slug) return undefined
  const { type, number, size, command, hostId, tty, env, release } = row
  return {
    dyno: { id, type, number, size, command, hostId, tty, env: (env ?? {}) as Record<string, string> },
    app: { id: appId, name: row.app.name },
    release: { id: release.id, version: release.version, createdAt: release.createdAt },
    slug: row.release.slug,
    config: unsealConfig(store, appId, release.config.sealed),
  }
}

/** What the next deploy of a running app will need: how many web dynos, where those of now are, and an image that is there. Undefined: it has not run yet. */
export async function findPreparable(
  store: Store,
  appId: string,
): Promise<{ image: string; quantity: number; hostIds: string[] } | undefined> {
  const [release, web, dynos] = await Promise.all([
    store.db.release.findFirst({
      where: { appId, app: { destroyedAt: null }, status: 'succeeded', slugId: { not: null } },
      orderBy: { version: 'desc' },
      select: { slug: { select: { image: true } } },
    }),
    store.db.formation.findFirst({ where: { appId, type: 'web' }, select: { quantity: true } }),
    store.db.dyno.findMany({ where: { appId, type: 'web', state: 'up' }, select: { hostId: true } }),
  ])
  const hostIds = dynos.flatMap(({ hostId }) => hostId ?? [])
  return release?.slug && web ? { image: release.slug.image, quantity: web.quantity, hostIds } : undefined
}

/** The one-off dyno that waits for the client who knows the secret of this sha256. Undefined: none, or its time is over. */
export async function findAttachable(store: Store, attachHash: Uint8Array): Promise<{ appId: string; id: string } | undefined> {
  const row = await store.db.dyno.findUnique({
    where: { attachHash: new Uint8Array(attachHash), attach: true, state: 'starting' },
    select: { id: true, appId: true },
  })
  return row ?? undefined
}

/** Dynos whose container is theirs to measure. */
export async function listRunning(
  store: Store,
): Promise<{ id: string; appId: string; hostId: string; containerId: string; name: string; size: string }[]> {
  const rows = await store.db.dyno.findMany({
    where: { state: { in: ['starting', 'up', 'draining'] }, containerId: { not: null }, hostId: { not: null } },
    select: { id: true, appId: true, hostId: true, containerId: true, type: true, number: true, size: true },
  })
  return rows.map(({ type, number, containerId, hostId, ...row }) => ({
    ...row,
    hostId: hostId!,
    containerId: containerId!,
    name: `${type}.${number}`,
  }))
}
