// Hosts as admins see them and what they want of them. What the scheduler
// writes: hosts.ts.
import { PlatformError } from '@paas/domain/errors'
import { planLabels } from '@paas/domain/host-name'
import type { Prisma } from '../generated/client.ts'
import type { Tx } from './apps.ts'
import { type Host, type HostCredentials, hostOf, type JoinStep, readHostCredentials, sealCredentials } from './hosts.ts'
import { HOLDS_NOTHING } from './placements.ts'
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

export interface HostView extends Host {
  /** Of joining, in order. */
  steps: JoinStep[]
  lastSeen: Date | null
  createdAt: Date
  /** Dynos that hold a place on it. */
  dynos: number
}

/** Undefined fields stay as they are; a label of null is removed. */
export interface HostWishes {
  labels?: Record<string, string | null> | undefined
  cordoned?: boolean | undefined
  draining?: boolean | undefined
}

const WITH_DYNOS = {
  _count: { select: { dynos: { where: { state: { notIn: [...HOLDS_NOTHING] } } } } },
} satisfies Prisma.HostInclude

/** Local first, then by name. */
export async function listHostViews(store: Store): Promise<HostView[]> {
  const rows = await store.db.host.findMany({ orderBy: [{ local: 'desc' }, { name: 'asc' }], include: WITH_DYNOS })
  return rows.map(viewOf)
}

/** The certificate (PEM) that we show its engine; undefined: its engine asks for none. */
export async function readHostCertificate(store: Store, id: string): Promise<string | undefined> {
  return (await readHostCredentials(store, id))?.cert
}

/**
 * A new row in `joining`, with the lowest free number; one of this name that failed to join makes way. Throws `name_taken`, `conflict` for an
 * engine that is a host already, and `invalid_params` when no number up to `maxNumber` is free.
 */
export async function createHost(
  store: Store,
  {
    name,
    engineUrl,
    credentials,
    maxNumber,
  }: { name: string; engineUrl: string; credentials: HostCredentials; maxNumber: number },
): Promise<HostView> {
  return store.db.$transaction(async (tx) => {
    await lockHosts(tx)
    const others = await tx.host.findMany({ select: { id: true, name: true, engineUrl: true, number: true, condition: true } })
    const isAgain = (other: { name: string; engineUrl: string }) => other.name === name || other.engineUrl === engineUrl
    const failed = others.filter((other) => other.condition === 'failed' && isAgain(other))
    const kept = others.filter((other) => !failed.includes(other))
    if (kept.some((other) => other.name === name)) throw new PlatformError('name_taken', `There is a host named ${name} already`)
    const same = kept.find((other) => other.engineUrl === engineUrl)
    if (same) throw new PlatformError('conflict', `${engineUrl} is the host ${same.name} already`)
    const number = freeNumber(new Set(kept.map((other) => other.number)))
    if (number > maxNumber) {
      const hint = 'PAAS_HOST_SUBNETS has a /18 for each: give it a wider range, or remove a host.'
      throw new PlatformError('invalid_params', 'There is no range of addresses left for another host', { hint })
    }
    await tx.host.deleteMany({ where: { id: { in: failed.map((other) => other.id) } } })
    const id = crypto.randomUUID()
    const sealed = sealCredentials(store, id, credentials)
    const row = await tx.host.create({ data: { id, name, engineUrl, number, credentials: sealed }, include: WITH_DYNOS })
    await wake(tx, 'host', id)
    return viewOf(row)
  })
}

/** Throws `not_found`, and `invalid_params` for what is no label. */
export async function wishOfHost(store: Store, id: string, { labels, cordoned, draining }: HostWishes): Promise<HostView> {
  return store.db.$transaction(async (tx) => {
    await lockHosts(tx)
    const before = await tx.host.findUnique({ where: { id } })
    if (!before) throw new PlatformError('not_found', "Couldn't find that host.")
    const change = planLabels(hostOf(before).labels, labels ?? {})
    if (change.kind === 'refused') throw new PlatformError('invalid_params', change.message)
    const data = {
      labels: change.labels,
      ...(cordoned !== undefined && { cordoned }),
      ...(draining !== undefined && { draining }),
    }
    const row = await tx.host.update({ where: { id }, data, include: WITH_DYNOS })
    await wake(tx, 'host', id)
    await wakeApps(tx, await appsOn(tx, id))
    return viewOf(row)
  })
}

/** The scheduler takes leave of it and removes the row. */
export async function wishHostRemoved(store: Store, id: string): Promise<void> {
  const { count } = await store.db.host.updateMany({ where: { id, local: false }, data: { removeWanted: true } })
  if (count > 0) await wake(store.db, 'host', id)
}

/**
 * Removes the row of a host that nobody can reach; its dynos count as ended, singletons too, and are started elsewhere. Only right when
 * the machine is gone for good: what still runs there is not stopped.
 */
export async function forgetHost(store: Store, id: string): Promise<void> {
  await store.db.$transaction(async (tx) => {
    await lockHosts(tx)
    const apps = await appsOn(tx, id)
    const data = { state: 'down', hostId: null, stateSince: new Date(), reason: 'its host was removed' } as const
    await tx.dyno.updateMany({ where: { hostId: id }, data })
    await tx.host.deleteMany({ where: { id, local: false } })
    await wake(tx, 'host', id)
    await wakeApps(tx, apps)
  })
}

/** One who changes hosts at a time: names and numbers are chosen from what is there. */
async function lockHosts(tx: Tx): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('paas hosts'))`
}

async function appsOn(tx: Tx, hostId: string): Promise<string[]> {
  const rows = await tx.dyno.findMany({ where: { hostId }, distinct: ['appId'], select: { appId: true } })
  return rows.map(({ appId }) => appId)
}

async function wakeApps(tx: Tx, appIds: readonly string[]): Promise<void> {
  for (const appId of appIds) await wake(tx, 'app', appId)
}

/** 1 is the platform's own machine. */
function freeNumber(taken: ReadonlySet<number>): number {
  let number = 2
  while (taken.has(number)) number += 1
  return number
}

function viewOf(row: Prisma.HostGetPayload<{ include: typeof WITH_DYNOS }>): HostView {
  const { _count, ...rest } = row
  return {
    ...hostOf(rest),
    steps: rest.steps as unknown as JoinStep[],
    lastSeen: rest.lastSeen,
    createdAt: rest.createdAt,
    dynos: _count.dynos,
  }
}
