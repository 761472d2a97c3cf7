// How hosts look: one row in the list, one line per fact in `hosts:info`.
// Memory and CPUs are wanted (promised to dynos), used (by the whole machine) and there in all.
import { describeCertificate } from './host-certificates.ts'
import type { Host } from './objects.ts'
import { formatAgo, formatBytes, formatTime, type Style } from './terminal.ts'

export const HOST_HEADINGS = [
  'Name',
  'State',
  'Dynos',
  'Memory (wanted/used/total)',
  'CPUs',
  'Disk free',
  'Engine',
  'Labels',
  'Last seen',
]

/** `h2  up  3  1536/900/4096 MB  1.5/0.2/2  40 GB  20.10.24  disk=ssd  ~ 3s ago` */
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
    ['Memory:', sharesOf(host.memory, (amount) => `${amount} MB`)],
    ['CPUs:', sharesOf(host.cpus, cores)],
    ['Disk:', host.disk.free === null ? null : `${formatBytes(host.disk.free)} free of ${formatBytes(host.disk.total ?? 0)}`],
    ['Labels:', labelsOf(host.labels)],
    ['Last seen:', when(host.last_seen)],
    ['Trusted again:', isAhead(host.distrust_until, nowMs) ? formatTime(host.distrust_until!) : null],
    ['Our certificate:', describeCertificate(host.certificates.client)],
    ['Its certificate:', describeCertificate(host.certificates.server)],
    ['Authority:', host.authority_expires_at ? `until ${formatTime(host.authority_expires_at)}` : null],
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

function memoryOf({ memory: { wanted, used, total } }: Host): string {
  return `${wanted}/${used ?? '?'}/${total ?? '?'} MB`
}

function cpusOf({ cpus: { wanted, used, total } }: Host): string {
  return [wanted, used, total].map((amount) => (amount === null ? '?' : cores(amount))).join('/')
}

/** `1536 MB wanted by dynos, 900 MB used, 4096 MB in all` */
function sharesOf({ wanted, used, total }: Host['memory'], say: (amount: number) => string): string {
  const known = [
    `${say(wanted)} wanted by dynos`,
    used === null ? '' : `${say(used)} used`,
    total === null ? '' : `${say(total)} in all`,
  ]
  return known.filter(Boolean).join(', ')
}

/** To a tenth: `1.5` */
function cores(amount: number): string {
  return String(Number(amount.toFixed(1)))
}

function paintState(state: string, style: Style): string {
  if (state === 'up') return style.green(state)
  return state === 'lost' || state === 'failed' ? style.red(state) : style.yellow(state)
}
