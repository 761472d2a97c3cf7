// Which host of a pool. The same answer as sorting all of them by
// `compareHosts` (placement-explain.ts) and taking the first that fits, but
// found from the best on, so that few hosts are looked at.
import type { HostLoads } from './placement-loads.ts'
import type { HostOrder } from './placement-order.ts'
import type { Peers } from './placement-peers.ts'
import type { HostPool } from './placement-pool.ts'
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
  for (const level of levelsOf(peers)) {
    const accepts = (slot: number) => peers.on(slot) === level && !not.has(slot)
    for (const tier of zoneTiers(search)) {
      const found = preferImage(search, tier, accepts)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function* levelsOf(peers: Peers): Iterable<number> {
  yield 0
  yield* peers.levels()
}

/** Zones with equally many peers together, those with the fewest first. Nearly always the first is all that is asked for. */
function* zoneTiers({ peers, pool }: Search): Iterable<HostOrder[]> {
  for (let last = -1; ; ) {
    let fewest = Infinity
    let tier: HostOrder[] = []
    for (const [zone, order] of pool.zones) {
      const count = peers.in(zone)
      if (count <= last || count > fewest) continue
      if (count < fewest) tier = []
      fewest = count
      tier.push(order)
    }
    if (tier.length === 0) return
    yield tier
    last = fewest
  }
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
  let found: number | undefined
  for (const slot of holders) {
    if (!loads.fits(slot, request.needs) || !accepts(slot) || !tier.some((order) => order === pool.orderOf(slot))) continue
    if (found === undefined || pool.compare(slot, found) < 0) found = slot
  }
  return found
}

function first({ pool, request }: Search, tier: readonly HostOrder[], accepts: (slot: number) => boolean): number | undefined {
  let found: number | undefined
  for (const order of tier) {
    const slot = order.first(request.needs, accepts)
    if (slot !== undefined && (found === undefined || pool.compare(slot, found) < 0)) found = slot
  }
  return found
}
