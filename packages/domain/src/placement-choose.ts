// Which host of a pool. The same answer as sorting all of them by
// `compareHosts` (placement-explain.ts) and taking the first that fits, but
// found from the best on, so that few hosts are looked at.
import type { HostLoads } from './placement-loads.ts'
import type { HostOrder } from './placement-order.ts'
import type { Peers } from './placement-peers.ts'
import { compareBy, type HostPool } from './placement-pool.ts'
import type { PlacementRequest } from './placement-request.ts'

/** With fewer hosts than this that have an image, each of them is looked at; with more, one comes early in the order. */
const FEW_HOLDERS = 256

export interface Search {
  loads: HostLoads
  pool: HostPool
  request: PlacementRequest
  peers: Peers
  /** Slots that have the image; undefined: nobody asks, or nobody has it. */
  holders: ReadonlySet<number> | undefined
  /** Slots not to use. */
  not: ReadonlySet<number>
}

/** A slot; undefined when no host of the pool has room. */
export function chooseHost(search: Search): number | undefined {
  return search.request.strategy === 'pack' ? choosePacked(search) : chooseSpread(search)
}

/** The hosts with the fewest peers; of them those in the zone with the fewest; of them those with the image; of them the emptiest. */
function chooseSpread(search: Search): number | undefined {
  const { peers, not } = search
  const tiers = zoneTiers(search)
  for (const level of levelsOf(peers)) {
    for (const tier of tiers) {
      const found = preferImage(search, tier, (slot) => peers.on(slot) === level && !not.has(slot))
      if (found !== undefined) return found
    }
  }
  return undefined
}

function* levelsOf(peers: Peers): Iterable<number> {
  yield 0
  yield* peers.levels()
}

/** Zones with equally many peers together, those with the fewest first. */
function zoneTiers({ peers, pool }: Search): HostOrder[][] {
  if (peers.inZone.size === 0) return [[...pool.zones.values()]]
  const tiers = new Map<number, HostOrder[]>()
  for (const [zone, order] of pool.zones) {
    const tier = tiers.get(peers.in(zone))
    if (tier) tier.push(order)
    else tiers.set(peers.in(zone), [order])
  }
  return [...tiers].sort(([a], [b]) => a - b).map(([, tier]) => tier)
}

function preferImage(search: Search, tier: readonly HostOrder[], accepts: (slot: number) => boolean): number | undefined {
  const { holders } = search
  const found = holders && firstHolder(search, tier, holders, accepts)
  return found ?? first(search, tier, accepts)
}

/** The fullest, whatever else is on it; of equals one that has the image. */
function choosePacked(search: Search): number | undefined {
  const { loads, pool, holders, not } = search
  const orders = [...pool.zones.values()]
  const fullest = first(search, orders, (slot) => !not.has(slot))
  if (fullest === undefined || !holders || holders.has(fullest)) return fullest
  const alike = (slot: number) =>
    loads.memoryShare[slot] === loads.memoryShare[fullest] &&
    loads.host(slot).capacity.memoryMiB === loads.host(fullest).capacity.memoryMiB
  return firstHolder(search, orders, holders, (slot) => alike(slot) && !not.has(slot)) ?? fullest
}

function firstHolder(
  search: Search,
  tier: readonly HostOrder[],
  holders: ReadonlySet<number>,
  accepts: (slot: number) => boolean,
): number | undefined {
  if (holders.size > FEW_HOLDERS) return first(search, tier, (slot) => holders.has(slot) && accepts(slot))
  const { loads, pool, request } = search
  const inTier = (slot: number) => tier.some((order) => order === pool.orderOf(slot))
  return best(
    search,
    holders.values().filter((slot) => loads.fits(slot, request.needs) && accepts(slot) && inTier(slot)),
  )
}

function first(search: Search, tier: readonly HostOrder[], accepts: (slot: number) => boolean): number | undefined {
  const { needs } = search.request
  if (tier.length === 1) return tier[0]!.first(needs, accepts)
  return best(
    search,
    tier.values().map((order) => order.first(needs, accepts)),
  )
}

function best({ loads, request }: Search, slots: Iterable<number | undefined>): number | undefined {
  const compare = compareBy(request.strategy, loads)
  let found: number | undefined
  for (const slot of slots) if (slot !== undefined && (found === undefined || compare(slot, found) < 0)) found = slot
  return found
}
