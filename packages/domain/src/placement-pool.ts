// The hosts that take dynos with certain labels, in the order of one strategy.
// There are few different wishes for labels, and a pool for each spares every
// search the hosts that never come into question.

import type { HostLoads } from './placement-loads.ts'
import { type Compare, HostOrder } from './placement-order.ts'
import type { PlacementHost, PlacementStrategy } from './placement-request.ts'

export interface PoolWish {
  strategy: PlacementStrategy
  takes(host: PlacementHost): boolean
}

/** With more zones than this (racks, say), asking each for its best host takes longer than passing over hosts of the wrong ones. */
const MANY_ZONES = 32

export class HostPool {
  /** Each zone has an order of its own; else there is one for all. */
  readonly byZone: boolean
  readonly compare: Compare
  readonly #loads: HostLoads
  readonly #wish: PoolWish
  readonly #orders = new Map<string, HostOrder>()
  /** By slot; undefined: not of this pool now. */
  readonly #orderOf: (HostOrder | undefined)[]

  constructor(loads: HostLoads, wish: PoolWish) {
    this.byZone = wish.strategy === 'spread' && new Set(loads.hosts.map(({ zone }) => zone)).size <= MANY_ZONES
    this.compare = compareBy(wish.strategy, loads)
    this.#loads = loads
    this.#wish = wish
    this.#orderOf = loads.hosts.map(() => undefined)
    const slots = loads.hosts.keys().filter((slot) => wish.takes(loads.host(slot)))
    for (const [zone, members] of Map.groupBy(slots, (slot) => this.#zoneOf(slot))) {
      const order = new HostOrder(loads, this.compare, members)
      this.#orders.set(zone, order)
      for (const slot of members) this.#orderOf[slot] = order
    }
  }

  /** By zone, or one under an empty name. */
  get orders(): ReadonlyMap<string, HostOrder> {
    return this.#orders
  }

  has(slot: number): boolean {
    return this.#orderOf[slot] !== undefined
  }

  /** Around every change of a host or its load: `leave` before it, `join` after it. */
  leave(slot: number): void {
    this.#orderOf[slot]?.remove(slot)
    this.#orderOf[slot] = undefined
  }

  join(slot: number): void {
    if (!this.#wish.takes(this.#loads.host(slot))) return
    const zone = this.#zoneOf(slot)
    const order = this.#orders.get(zone) ?? new HostOrder(this.#loads, this.compare, [])
    this.#orders.set(zone, order)
    order.add(slot)
    this.#orderOf[slot] = order
  }

  #zoneOf(slot: number): string {
    return this.byZone ? this.#loads.host(slot).zone : ''
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
