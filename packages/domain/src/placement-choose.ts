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

type Accepts = (slot: number) => boolean

/** A slot; undefined when no host of the pool has room. */
export function chooseHost(search: Search): number | undefined {
  return search.request.strategy === 'pack' ? choosePacked(search) : chooseSpread(search)
}

/** The hosts with the fewest peers; of them those in the zone with the fewest; of them those with the image; of them the emptiest. */
function chooseSpread(search: Search): number | undefined {
  const { loads, pool, peers, holders, not } = search
  for (const level of levelsOf(peers)) {
    const isLevel = (slot: number) => peers.on(slot) === level && !not.has(slot)
    for (const { count, orders } of zoneTiers(search)) {
      const isTier = (slot: number) => isLevel(slot) && peers.in(loads.host(slot).zone) === count
      const found = holders && firstHolder(search, orders, holders, isTier)
      const slot = found ?? first(search, orders, pool.byZone ? isLevel : isTier)
      if (slot !== undefined) return slot
    }
  }
  return undefined
}

function* levelsOf(peers: Peers): Iterable<number> {
  yield 0
  yield* peers.levels()
}

/** Zones with equally many peers (`count`) together, those with the fewest first. Nearly always the first is all that is asked for. */
function* zoneTiers({ peers, pool }: Search): Iterable<{ count: number; orders: HostOrder[] }> {
  if (!pool.byZone) {
    const orders = [...pool.orders.values()]
    for (const count of new Set([0, ...peers.zoneLevels()])) yield { count, orders }
    return
  }
  for (let last = -1; ; ) {
    let fewest = Infinity
    let orders: HostOrder[] = []
    for (const [zone, order] of pool.orders) {
      const count = peers.in(zone)
      if (count <= last || count > fewest) continue
      if (count < fewest) orders = []
      fewest = count
      orders.push(order)
    }
    if (orders.length === 0) return
    yield { count: fewest, orders }
    last = fewest
  }
}

/** The fullest, whatever else is on it; of equals one that has the image. */
function choosePacked(search: Search): number | undefined {
  const { loads, pool, holders, not } = search
  const orders = [...pool.orders.values()]
  const fullest = first(search, orders, (slot) => !not.has(slot))
  if (fullest === undefined || !holders || holders.has(fullest)) return fullest
  const isAlike = (slot: number) =>
    !not.has(slot) &&
    loads.memoryShare[slot] === loads.memoryShare[fullest] &&
    loads.host(slot).capacity.memoryMiB === loads.host(fullest).capacity.memoryMiB
  return firstHolder(search, orders, holders, isAlike) ?? fullest
}

function firstHolder(
  search: Search,
  orders: readonly HostOrder[],
  holders: ReadonlySet<number>,
  accepts: Accepts,
): number | undefined {
  if (holders.size > FEW_HOLDERS) return first(search, orders, (slot) => holders.has(slot) && accepts(slot))
  const { loads, pool, request } = search
  let found: number | undefined
  for (const slot of holders) {
    if (!pool.has(slot) || !loads.fits(slot, request.needs) || !accepts(slot)) continue
    if (found === undefined || pool.compare(slot, found) < 0) found = slot
  }
  return found
}

function first({ pool, request }: Search, orders: readonly HostOrder[], accepts: Accepts): number | undefined {
  let found: number | undefined
  for (const order of orders) {
    const slot = order.first(request.needs, accepts)
    if (slot !== undefined && (found === undefined || pool.compare(slot, found) < 0)) found = slot
  }
  return found
}
