// Whether a machine can be a host: what its engine says of itself against what
// dynos need there. Every refusal says what is wrong and what to do.
import { PlatformError } from './errors.ts'

export interface EngineFacts {
  version: string
  os: string
  /** As the kernel names it: `x86_64`. */
  arch: string
  memoryMiB: number
  cpus: number
  /** It keeps images in containerd's store, where ours cannot be loaded layer by layer. */
  containerdStore: boolean
  /** Ms since the epoch by its clock, read between `askedMs` and `answeredMs` of ours. */
  clockMs: number
  askedMs: number
  answeredMs: number
}

/** Tokens and certificates are good for minutes. */
export const MAX_CLOCK_SKEW_MS = 30_000
const MIN_MEMORY_MIB = 512
/** Room for the largest image of an app, beside what it is unpacked from. */
export const MIN_DISK_BYTES = 2 * 1024 ** 3

/** Throws `host_refused`. `local` is the platform's own machine, whose images run only on machines of its kind. */
export function checkEngine(facts: EngineFacts, local: Pick<EngineFacts, 'arch'>): void {
  if (facts.os !== 'linux') throw refused(`Its engine runs ${facts.os} containers, and dynos are Linux ones`)
  if (facts.arch !== local.arch) {
    throw refused(`It is a ${facts.arch} machine, and the images of this platform are for ${local.arch}`)
  }
  if (facts.containerdStore) {
    throw refused(
      "Its engine keeps images in containerd's store, which paas cannot use yet",
      'Put "features": { "containerd-snapshotter": false } into /etc/docker/daemon.json there and restart Docker.',
    )
  }
  if (facts.memoryMiB < MIN_MEMORY_MIB)
    throw refused(`It has ${facts.memoryMiB} MB of memory, and one dyno may use ${MIN_MEMORY_MIB}`)
}

/** By how much its clock is ahead of ours, in ms; the time that asking took is not counted as its fault. */
export function clockSkewMs({ clockMs, askedMs, answeredMs }: Pick<EngineFacts, 'clockMs' | 'askedMs' | 'answeredMs'>): number {
  if (clockMs < askedMs) return clockMs - askedMs
  return clockMs > answeredMs ? clockMs - answeredMs : 0
}

/** Throws `host_refused` when the clock is off by more than a token lives with. */
export function checkClock(facts: Pick<EngineFacts, 'clockMs' | 'askedMs' | 'answeredMs'>): void {
  const skewMs = clockSkewMs(facts)
  if (Math.abs(skewMs) <= MAX_CLOCK_SKEW_MS) return
  const direction = skewMs > 0 ? 'ahead of' : 'behind'
  throw refused(
    `Its clock is ${duration(Math.abs(skewMs))} ${direction} this machine's`,
    'Set it by NTP: apt-get install systemd-timesyncd, or chrony.',
  )
}

/** Throws `host_refused` where images and what dynos write would soon fill the disk. */
export function checkDisk({ freeBytes }: { freeBytes: number }): void {
  if (freeBytes >= MIN_DISK_BYTES) return
  throw refused(
    `Its engine's disk has ${Math.floor(freeBytes / 1e6)} MB free, and images need ${Math.round(MIN_DISK_BYTES / 1e9)} GB`,
    'Free some: `docker system df` there says what takes it.',
  )
}

/** `1 h 2 min`, `45 s` */
function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes === 0) return `${Math.round(ms / 1000)} s`
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function refused(message: string, hint?: string): PlatformError {
  return new PlatformError('host_refused', message, hint ? { hint } : {})
}
