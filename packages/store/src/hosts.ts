// Hosts as the scheduler knows them: it reads what admins want and writes what
// it found. What admins see and ask for: hosts-api.ts.
import { createHash } from 'node:crypto'
import type { CertificateLife, LastRenewals } from '@paas/domain/certificate-renewal'
import type { HostCondition } from '@paas/domain/host'
import type { Prisma, Host as Row } from '../generated/client.ts'
import { seal, unseal } from './seal.ts'
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

/** PEM texts: the authority of the engine's certificate, and what we show it. Never log this. */
export interface HostCredentials {
  ca: string
  cert: string
  key: string
}

/** One step of a host's joining, in the order they are done. */
export interface JoinStep {
  name: string
  state: 'running' | 'done' | 'failed'
  detail: string
}

export interface Host {
  id: string
  name: string
  /** The platform's own machine. */
  local: boolean
  engineUrl: string
  /** 1 is local; chooses the link address and the range of app networks. */
  number: number
  cordoned: boolean
  draining: boolean
  removeWanted: boolean
  labels: Record<string, string>
  condition: HostCondition
  conditionSince: Date
  reason: string | null
  flaps: number
  distrustUntil: Date | null
  engineVersion: string | null
  memoryMiB: number | null
  cpus: number | null
  /** In use by whatever runs there, the machine itself included. */
  memoryUsedMiB: number | null
  /** Cores' worth of work, averaged since the look before. */
  cpusUsed: number | null
  /** Bytes, as `diskTotal`. */
  diskFree: number | null
  diskTotal: number | null
  linkKey: string | null
  /** Changes with its credentials; null: it has none. */
  credentialsVersion: string | null
  /** The certificate that its engine shows us, as last seen. */
  serverCertificate: CertificateLife | null
  renewals: LastRenewals
  /** Its engine is being restarted by us, and may be silent before. */
  restartUntil: Date | null
  /** In a swarm: why it starts nothing there, for people; null: it does. */
  nodeTrouble: string | null
  /** Of the platform's own machine: names of nodes of its swarm that are no hosts. */
  strangers: string[]
}

/** What the scheduler finds out; undefined fields stay as they are. */
export interface HostChange {
  condition?: HostCondition
  reason?: string | null
  steps?: JoinStep[]
  flaps?: number
  distrustUntil?: Date | null
  lastSeen?: Date
  engineVersion?: string
  memoryMiB?: number
  cpus?: number
  memoryUsedMiB?: number
  cpusUsed?: number
  diskFree?: number
  diskTotal?: number
  linkKey?: string | null
  nodeTrouble?: string | null
  strangers?: string[]
  engineUrl?: string
  serverCertificate?: CertificateLife
  renewals?: LastRenewals
  restartUntil?: Date | null
}

export const LOCAL_HOST = 'local'
const LOCAL_NUMBER = 1

/** The platform's own machine has a row from the first start on; dynos from before there were hosts are its own. Answers its id. */
export async function ensureLocalHost(store: Store, engineUrl: string): Promise<string> {
  const { id } = await store.db.host.upsert({
    where: { name: LOCAL_HOST },
    create: { name: LOCAL_HOST, local: true, engineUrl, number: LOCAL_NUMBER, condition: 'up' },
    update: { engineUrl },
    select: { id: true },
  })
  await store.db.dyno.updateMany({ where: { hostId: null, containerId: { not: null } }, data: { hostId: id } })
  return id
}

/** Local first, then by name. */
export async function listHosts(store: Store): Promise<Host[]> {
  const rows = await store.db.host.findMany({ orderBy: [{ local: 'desc' }, { name: 'asc' }] })
  return rows.map(hostOf)
}

/** Undefined for the local engine, which is a socket. */
export async function readHostCredentials(store: Store, id: string): Promise<HostCredentials | undefined> {
  const row = await store.db.host.findUnique({ where: { id }, select: { credentials: true } })
  return row?.credentials ? (JSON.parse(unseal(store.key, id, row.credentials)) as HostCredentials) : undefined
}

/** In place of those before. False when the row is gone. */
export async function replaceCredentials(store: Store, id: string, credentials: HostCredentials): Promise<boolean> {
  const { count } = await store.db.host.updateMany({
    where: { id, local: false },
    data: { credentials: sealCredentials(store, id, credentials) },
  })
  if (count > 0) await wake(store.db, 'host', id)
  return count > 0
}

/** For a row of this id only. */
export function sealCredentials(store: Pick<Store, 'key'>, id: string, credentials: HostCredentials): Uint8Array<ArrayBuffer> {
  return new Uint8Array(seal(store.key, id, JSON.stringify(credentials)))
}

/** Web dynos on it that should take connections; with `any`, every dyno whose container may run. */
export async function listServing(
  store: Store,
  hostId: string,
  which: 'web' | 'any' = 'web',
): Promise<{ appId: string; address: string; port: number }[]> {
  const rows = await store.db.dyno.findMany({
    where: which === 'web' ? { hostId, type: 'web', state: 'up', address: { not: null }, port: { not: null } } : { hostId },
    select: { appId: true, address: true, port: true },
  })
  return rows.map(({ appId, address, port }) => ({ appId, address: address ?? '', port: port ?? 0 }))
}

/** False when the row is gone. */
export async function changeHost(
  store: Store,
  id: string,
  { steps, serverCertificate, renewals, ...change }: HostChange,
): Promise<boolean> {
  const { count } = await store.db.host.updateMany({
    where: { id },
    data: {
      ...change,
      ...(steps && { steps: steps.map((step) => ({ ...step })) }),
      ...(serverCertificate && { serverCertificate: { ...serverCertificate } }),
      ...(renewals && { renewals: renewals as Prisma.InputJsonObject }),
      ...(change.condition && { conditionSince: new Date() }),
    },
  })
  if (count > 0) await wake(store.db, 'host', id)
  return count > 0
}

/** No dyno is on it that may run. */
export async function isFree(store: Store, id: string): Promise<boolean> {
  return (await store.db.dyno.count({ where: { hostId: id, state: { notIn: ['crashed', 'down'] } } })) === 0
}

/** With the rows of dynos that have ended on it; one that may run keeps it. */
export async function deleteHost(store: Store, id: string): Promise<boolean> {
  const ended = { state: { in: ['crashed' as const, 'down' as const] } }
  const count = await store.db.$transaction(async (tx) => {
    await tx.dyno.deleteMany({ where: { hostId: id, ...ended } })
    return (await tx.host.deleteMany({ where: { id, local: false, dynos: { none: {} } } })).count
  })
  if (count > 0) await wake(store.db, 'host', id)
  return count > 0
}

export function hostOf({
  credentials,
  steps: _steps,
  labels,
  serverCertificate,
  renewals,
  diskFree,
  diskTotal,
  ...row
}: Row): Host {
  return {
    ...row,
    diskFree: numberOf(diskFree),
    diskTotal: numberOf(diskTotal),
    labels: labels as Record<string, string>,
    credentialsVersion: credentials && createHash('sha256').update(credentials).digest('base64url').slice(0, 16),
    serverCertificate: serverCertificate as CertificateLife | null,
    renewals: renewals as LastRenewals,
  }
}

function numberOf(bytes: bigint | null): number | null {
  return bytes === null ? null : Number(bytes)
}

/** Somebody is joined with a process on it (`paas run`, `paas ps:exec`). */
export async function hasAttached(store: Store, id: string): Promise<boolean> {
  const runs = { hostId: id, state: { notIn: ['crashed' as const, 'down' as const] } }
  const [dynos, execs] = await Promise.all([
    store.db.dyno.count({ where: { ...runs, attach: true } }),
    store.db.exec.count({ where: { dyno: runs, startedAt: { not: null } } }),
  ])
  return dynos + execs > 0
}
