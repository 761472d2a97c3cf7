// A host's row as placement sees it.
import type { HostCondition, HostResources } from './host.ts'
import { MIN_DISK_BYTES } from './host-check.ts'
import { isInService } from './placement-filter.ts'
import type { PlacementHost } from './placement-request.ts'

/** CPU is shared by weight and pids are a ceiling: both may be promised far beyond what there is. */
const SHARES_PER_CORE = 1024 * 32
const PIDS = 4_000_000
const MUCH = 1_000_000_000

export interface HostFacts {
  id: string
  name: string
  labels: Readonly<Record<string, string>>
  condition: HostCondition
  cordoned: boolean
  draining: boolean
  removeWanted: boolean
  distrustUntil: Date | null
  /** Its swarm starts nothing there. */
  nodeTrouble: string | null
  memoryMiB: number | null
  cpus: number | null
  /** Bytes, of the disk with its engine's images. */
  diskFree: number | null
}

/** One that was lost a moment ago is used all the same where no other takes dynos. */
export function placementHostsOf(
  hosts: readonly HostFacts[],
  options: { alone: boolean; memoryOvercommit: number; nowMs: number },
): PlacementHost[] {
  const seen = hosts.map((host) => placementHostOf(host, options))
  return seen.some(isInService) ? seen : seen.map((host) => ({ ...host, distrusted: false }))
}

/** Alone, a host takes dynos in whatever condition it is: there is nowhere else to go. Its zone is its label `zone`. */
function placementHostOf(
  host: HostFacts,
  { alone, memoryOvercommit, nowMs }: { alone: boolean; memoryOvercommit: number; nowMs: number },
): PlacementHost {
  const { id, name, labels, condition, cordoned, draining, removeWanted, distrustUntil, nodeTrouble } = host
  return {
    ...{ id, name, labels, zone: labels['zone'] ?? '' },
    condition: alone ? 'up' : condition,
    cordoned: cordoned || draining || removeWanted || nodeTrouble !== null,
    distrusted: !alone && (distrustUntil?.getTime() ?? 0) > nowMs,
    diskFull: !alone && isDiskFull(host),
    capacity: capacityOf(host, memoryOvercommit),
  }
}

/** Another image would not fit: nothing new is placed there. Unknown is not full. */
export function isDiskFull({ diskFree }: Pick<HostFacts, 'diskFree'>): boolean {
  return diskFree !== null && diskFree < MIN_DISK_BYTES
}

/** A host that has not said yet what it has takes whatever comes: it is the platform's own, just started. */
function capacityOf({ memoryMiB, cpus }: HostFacts, memoryOvercommit: number): HostResources {
  return {
    memoryMiB: memoryMiB === null ? MUCH : Math.floor(memoryMiB * memoryOvercommit),
    cpuShares: cpus === null ? MUCH : cpus * SHARES_PER_CORE,
    pids: PIDS,
  }
}
