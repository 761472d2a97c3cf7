// How hosts look: one row in the list, one line per fact in `hosts:info`.
import type { Host } from './objects.ts'
import { formatAgo, formatBytes, formatTime, type Style } from './terminal.ts'

export const HOST_HEADINGS = ['Name', 'State', 'Dynos', 'Memory', 'CPUs', 'Disk free', 'Engine', 'Labels', 'Last seen']

/** `h2  up  3  1536/4096 MB  1.5/2  40 GB  20.10.24  disk=ssd  ~ 3s ago` */
export function hostRow(host: Host, nowMs: number, style: Style): string[] {
  const { name, dynos, disk, engine_version, last_seen } = host
  return [
    name,
    paintState(host.state, style),
    String(dynos),
    memoryOf(host),
    cpusOf(host),
    disk.free === null ? '' : formatBytes(disk.free),
    engine_version ?? '',
    labelsOf(host.labels),
    last_seen ? formatAgo(last_seen, nowMs) : '',
  ]
}

/** Facts that are known, each with its label. */
export function hostFacts(host: Host, nowMs: number, style: Style): [string, string][] {
  const when = (iso: string | null) => (iso ? `${formatTime(iso)} (${formatAgo(iso, nowMs)})` : null)
  const facts: [string, string | null][] = [
    ['State:', paintState(host.state, style)],
    ['Reason:', host.reason],
    ['Engine:', [host.engine_url, host.engine_version].filter(Boolean).join(', Docker ')],
    ['Dynos:', String(host.dynos)],
    ['Memory:', `${memoryOf(host)} promised`],
    ['CPUs:', `${cpusOf(host)} promised`],
    ['Disk:', host.disk.free === null ? null : `${formatBytes(host.disk.free)} free of ${formatBytes(host.disk.total ?? 0)}`],
    ['Labels:', labelsOf(host.labels)],
    ['Last seen:', when(host.last_seen)],
    ['Trusted again:', isAhead(host.distrust_until, nowMs) ? formatTime(host.distrust_until!) : null],
    ['Certificate:', host.certificate_expires_at ? `until ${formatTime(host.certificate_expires_at)}` : null],
    ['Added:', when(host.created_at)],
  ]
  return facts.flatMap(([label, value]) => (value ? [[label, value] as [string, string]] : []))
}

/** `disk=ssd zone=a` */
export function labelsOf(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')
}

export function isAhead(iso: string | null, nowMs: number): boolean {
  return iso !== null && Date.parse(iso) > nowMs
}

function memoryOf({ memory }: Host): string {
  return `${memory.wanted}/${memory.total ?? '?'} MB`
}

function cpusOf({ cpus }: Host): string {
  return `${Number(cpus.wanted.toFixed(2))}/${cpus.total ?? '?'}`
}

function paintState(state: string, style: Style): string {
  if (state === 'up') return style.green(state)
  return state === 'lost' || state === 'failed' ? style.red(state) : style.yellow(state)
}
