// The hosts that take dynos with certain labels, zone by zone, each zone in
// the order of one strategy. There are few different wishes for labels, and a
// pool for each spares every search the hosts that never come into question.

import type { HostLoads } from './placement-loads.ts'
import { type Compare, HostOrder } from './placement-order.ts'
import type { PlacementHost, PlacementStrategy } from './placement-request.ts'

export interface PoolWish {
  strategy: PlacementStrategy
  takes(host: PlacementHost): boolean
}

export class HostPool {
  readonly compare: Compare
  readonly #loads: HostLoads
  readonly #wish: PoolWish
  readonly #zones = new Map<string, HostOrder>()
  /** By slot; undefined: not of this pool now. */
  readonly #orders: (HostOrder | undefined)[]

  constructor(loads: HostLoads, wish: PoolWish) {
    this.compare = compareBy(wish.strategy, loads)
    this.#loads = loads
    this.#wish = wish
    this.#orders = loads.hosts.map(() => undefined)
    const zones = Map.groupBy(
      loads.hosts.keys().filter((slot) => wish.takes(loads.host(slot))),
      (slot) => this.#zoneOf(slot),
    )
    for (const [zone, slots] of zones) {
      const order = new HostOrder(loads, this.compare, slots)
      this.#zones.set(zone, order)
      for (const slot of slots) this.#orders[slot] = order
    }
  }

  /** By zone; one unnamed zone for all hosts when packing. */
  get zones(): ReadonlyMap<string, HostOrder> {
    return this.#zones
  }

  orderOf(slot: number): HostOrder | undefined {
    return this.#orders[slot]
  }

  /** Around every change of a host or its load: `leave` before it, `join` after it. */
  leave(slot: number): void {
    this.#orders[slot]?.remove(slot)
    this.#orders[slot] = undefined
  }

  join(slot: number): void {
    if (!this.#wish.takes(this.#loads.host(slot))) return
    const zone = this.#zoneOf(slot)
    let order = this.#zones.get(zone)
    if (!order) this.#zones.set(zone, (order = new HostOrder(this.#loads, this.compare, [])))
    order.add(slot)
    this.#orders[slot] = order
  }

  #zoneOf(slot: number): string {
    return this.#wish.strategy === 'pack' ? '' : this.#loads.host(slot).zone
  }
}

/**
 * Spread: the emptiest first, by the share of its memory that is promised. Pack: the fullest first, and of
 * equally full ones (the empty ones above all) the largest, which leaves the most others unused.
 */
export function compareBy(strategy: PlacementStrategy, loads: HostLoads): Compare {
  const { memoryShare } = loads
  if (strategy === 'spread') return (a, b) => memoryShare[a]! - memoryShare[b]! || a - b
  const size = (slot: number) => loads.host(slot).capacity.memoryMiB
  return (a, b) => memoryShare[b]! - memoryShare[a]! || size(b) - size(a) || a - b
}
