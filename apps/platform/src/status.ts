// `bin/status`: each component, the queue and the disk.
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { paths, type Settings } from '@paas/contract/settings'
import { openQueues } from '@paas/queue/queue'
import { createLog } from '@paas/service/log'
import { findRunning } from './component.ts'
import { componentNames } from './supervisor.ts'

export interface ComponentStatus {
  name: string
  pids: number[]
  state: 'up' | 'starting' | 'down'
  since: string | null
  /** Proportional set size: shared pages are divided among those who share them (proc(5), smaps_rollup). */
  pssBytes: number
}

export interface PlatformStatus {
  components: ComponentStatus[]
  /** Builds that wait and run; null when Redis does not answer. */
  queue: { waiting: number; active: number } | null
  disk: { path: string; freeBytes: number; totalBytes: number }
  /** Ends of the certificate of the public ports, which is renewed by itself, and of the authority, which is not; null before the first start. */
  certificates: { served: string; authority: string } | null
}

const AUTHORITY_WARN_MS = 365 * 86_400_000 // all that it has issued ends with it, on other hosts too
const STARTING_MS = 2_000 // younger than this, a stage may not answer yet

export async function readStatus(settings: Settings, embedded: { postgres: boolean; redis: boolean }): Promise<PlatformStatus> {
  const children = childrenByParent()
  const disk = statfsSync(existsSync(settings.dataDir) ? settings.dataDir : '/')
  return {
    components: componentNames(settings, embedded).map((name) => statusOf(name, settings.runDir, children)),
    queue: await queueDepth(settings),
    disk: { path: settings.dataDir, freeBytes: disk.bavail * disk.bsize, totalBytes: disk.blocks * disk.bsize },
    certificates: readEnds(settings),
  }
}

function readEnds(settings: Settings): PlatformStatus['certificates'] {
  const [served, authority] = [paths.certificate(settings), paths.caCertificate(settings)]
  if (!existsSync(served) || !existsSync(authority)) return null
  const endOf = (file: string) => new X509Certificate(readFileSync(file)).validToDate.toISOString()
  return { served: endOf(served), authority: endOf(authority) }
}

function statusOf(name: string, runDir: string, children: Map<number, number[]>): ComponentStatus {
  const record = findRunning(runDir, name)
  if (!record) return { name, pids: [], state: 'down', since: null, pssBytes: 0 }
  // The supervisor's children are components of their own; Postgres' backends are Postgres.
  const pids = name === 'platform' ? [record.pid] : withDescendants(record.pid, children)
  const state = Date.now() - Date.parse(record.since) < STARTING_MS ? 'starting' : 'up'
  return { name, pids, state, since: record.since, pssBytes: pids.reduce((sum, pid) => sum + pssOf(pid), 0) }
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>()
  for (const pid of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    const parent = parentOf(pid)
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  return children
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}

function withDescendants(pid: number, children: Map<number, number[]>): number[] {
  return [pid, ...(children.get(pid) ?? []).flatMap((child) => withDescendants(child, children))]
}

function pssOf(pid: number): number {
  try {
    const kib = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
    return Number(kib ?? 0) * 1024
  } catch {
    return 0
  }
}

async function queueDepth(settings: Settings): Promise<PlatformStatus['queue']> {
  const queues = openQueues({ redisUrl: settings.redisUrl, prefix: settings.namePrefix, log: createLog('status', 'fatal') })
  try {
    return (await queues.depth()).builds
  } catch {
    return null
  } finally {
    await queues.close()
  }
}

/** The table people read. */
export function formatStatus({ components, queue, disk, certificates }: PlatformStatus, nowMs = Date.now()): string {
  const rows = components.map(({ name, state, since, pssBytes, pids }) => [
    name,
    state,
    since ? `since ${since.slice(0, 19).replace('T', ' ')}` : '',
    state === 'down' ? '' : `${mib(pssBytes)} MB`,
    pids.length > 0 ? `pid ${pids[0]}` : '',
  ])
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  const total = components.reduce((sum, { pssBytes }) => sum + pssBytes, 0)
  return [
    ...rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    ),
    '',
    `memory  ${mib(total)} MB in all`,
    `builds  ${queue ? `${queue.active} running, ${queue.waiting} waiting` : 'unknown: Redis does not answer'}`,
    `disk    ${(disk.freeBytes / 2 ** 30).toFixed(1)} GB free of ${(disk.totalBytes / 2 ** 30).toFixed(1)} GB at ${disk.path}`,
    ...(certificates
      ? [`https   certificate until ${certificates.served.slice(0, 10)}, ${describeAuthority(certificates.authority, nowMs)}`]
      : []),
  ].join('\n')
}

function describeAuthority(end: string, nowMs: number): string {
  const day = end.slice(0, 10)
  if (Date.parse(end) - nowMs >= AUTHORITY_WARN_MS) return `its authority until ${day}`
  return `but its authority ends ${day}: docs/design/092-certificates.md says how to replace it`
}

const mib = (bytes: number) => Math.round(bytes / 2 ** 20)
