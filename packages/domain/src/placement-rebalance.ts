// Moves that spread every process type evenly again, after hosts were added or
// came back. Never made by surprise: an admin asks for them and sees them first.
import { PlacementIndex } from './placement.ts'
import { hasLabels, isInService } from './placement-filter.ts'
import type { PeerGroup, PlacedDyno, PlacementHost, PlacementRequest } from './placement-request.ts'

export interface Move {
  dynoId: string
  /** Host ids. */
  from: string
  to: string
}

/** What was asked for a process type (`ps:place`). */
export type RebalanceWish = Pick<PlacementRequest, 'on' | 'strategy'>

/**
 * Moves after which each process type is spread within one over the hosts in service that have its labels, or as far as there is
 * room. No fewer moves would do. Each move counts on the room that the ones before it have freed: make them in this order.
 * Types that are to be packed stay, and so do dynos on hosts out of service: those are drained, or out of reach.
 */
export function planRebalance(
  hosts: readonly PlacementHost[],
  dynos: readonly PlacedDyno[],
  wishOf: (group: PeerGroup) => RebalanceWish,
): Move[] {
  const index = new PlacementIndex(hosts, dynos)
  const groups = Map.groupBy(dynos, ({ appId, type, release = '' }) => `${appId} ${type} ${release}`)
  return [...groups.keys()].sort().flatMap((key) => {
    const group = groups.get(key)!
    const wish = wishOf(group[0]!)
    if (wish.strategy === 'pack') return []
    const usable = hosts.filter((host) => isInService(host) && hasLabels(host, wish.on))
    return spreadGroup(index, usable, group, wish)
  })
}

/** From the host with most to the one with fewest that has room, until that would gain nothing. */
function spreadGroup(
  index: PlacementIndex,
  hosts: readonly PlacementHost[],
  group: readonly PlacedDyno[],
  wish: RebalanceWish,
): Move[] {
  const onHost = new Map(hosts.map(({ id }) => [id, group.filter(({ hostId }) => hostId === id).toSorted(byId)]))
  const byName = hosts.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const count = (hostId: string) => onHost.get(hostId)!.length
  const moves: Move[] = []
  while (byName.length > 1) {
    const fullest = byName.reduce((most, host) => (count(host.id) > count(most.id) ? host : most)).id
    const dyno = onHost.get(fullest)!.at(-1)
    if (!dyno) break
    const placement = index.placeBriefly({ ...dyno, ...wish, not: [fullest] })
    if (placement.kind === 'waiting' || count(placement.hostId) + 2 > count(fullest)) break
    const moved = { ...dyno, hostId: placement.hostId }
    index.add(moved)
    onHost.get(fullest)!.pop()
    onHost.get(placement.hostId)!.unshift(moved)
    moves.push({ dynoId: dyno.id, from: fullest, to: placement.hostId })
  }
  return moves
}

function byId(a: PlacedDyno, b: PlacedDyno): number {
  return a.id < b.id ? -1 : 1
}
