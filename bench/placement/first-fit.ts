// First-fit-decreasing, the textbook's way to pack: the largest dyno first,
// each on the first host that has room, the largest host first.
import type { PlacementHost } from '@paas/domain/placement'
import type { UnplacedDyno } from '@paas/domain/placement-all'

/** How many hosts it uses. Throws when the hosts do not hold all. */
export function firstFitDecreasing(hosts: readonly PlacementHost[], dynos: readonly UnplacedDyno[]): number {
  const free = hosts.map(({ capacity }) => ({ ...capacity })).sort((a, b) => b.memoryMiB - a.memoryMiB)
  const largestFirst = dynos.toSorted((a, b) => b.needs.memoryMiB - a.needs.memoryMiB)
  let used = 0
  for (const { needs } of largestFirst) {
    const at = free.findIndex(
      (room) => room.memoryMiB >= needs.memoryMiB && room.cpuShares >= needs.cpuShares && room.pids >= needs.pids,
    )
    const room = free[at]
    if (!room) throw new Error('The hosts do not hold all dynos')
    room.memoryMiB -= needs.memoryMiB
    room.cpuShares -= needs.cpuShares
    room.pids -= needs.pids
    used = Math.max(used, at + 1)
  }
  return used
}
