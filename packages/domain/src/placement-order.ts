// Some of the hosts in the order in which a strategy would use them, in small
// buckets that know the most that any of their hosts has free.
//
// A search passes over a bucket in which nothing fits without looking at its
// hosts; a host whose load changes moves from one bucket to another. Both touch
// some hundred numbers where there are 10,000 hosts. A balanced tree would
// touch fewer and take longer.
import { invariant } from './errors.ts'
import type { HostResources } from './host.ts'
import type { HostLoads } from './placement-loads.ts'

/** Negative: the host in slot `a` is used before the one in `b`. Never 0 for two hosts. */
export type Compare = (a: number, b: number) => number

const FULL = 128
const SPARSE = 16

interface Bucket {
  /** Never empty. */
  slots: number[]
  most: HostResources
}

export class HostOrder {
  readonly #loads: HostLoads
  readonly #compare: Compare
  #buckets: Bucket[] = []

  constructor(loads: HostLoads, compare: Compare, slots: readonly number[]) {
    this.#loads = loads
    this.#compare = compare
    const sorted = slots.toSorted(compare)
    for (let from = 0; from < sorted.length; from += FULL / 2)
      this.#buckets.push(this.#bucket(sorted.slice(from, from + FULL / 2)))
  }

  /** The first that has room and is accepted. */
  first(needs: HostResources, accepts: (slot: number) => boolean): number | undefined {
    for (const { slots, most } of this.#buckets) {
      if (most.memoryMiB < needs.memoryMiB || most.cpuShares < needs.cpuShares || most.pids < needs.pids) continue
      for (const slot of slots) if (this.#loads.fits(slot, needs) && accepts(slot)) return slot
    }
    return undefined
  }

  add(slot: number): void {
    const at = this.#bucketOf(slot)
    const bucket = this.#buckets[at]
    if (!bucket) {
      this.#buckets.push(this.#bucket([slot]))
      return
    }
    bucket.slots.splice(this.#placeIn(bucket, slot), 0, slot)
    raise(bucket.most, this.#loads, slot)
    if (bucket.slots.length < FULL) return
    const back = bucket.slots.splice(FULL / 2)
    this.#buckets.splice(at, 1, this.#bucket(bucket.slots), this.#bucket(back))
  }

  /** Must be called while its load is still the one it was added with. */
  remove(slot: number): void {
    const at = this.#bucketOf(slot)
    const bucket = this.#buckets[at]
    const place = bucket ? this.#placeIn(bucket, slot) : -1
    invariant(bucket?.slots[place] === slot, `${this.#loads.host(slot).name} is where the order says`)
    bucket.slots.splice(place, 1)
    if (bucket.slots.length < SPARSE) this.#merge(at)
    else if (isMost(bucket.most, this.#loads, slot)) bucket.most = mostOf(this.#loads, bucket.slots)
  }

  /** What is left of it goes to a neighbour. */
  #merge(at: number): void {
    const [bucket] = this.#buckets.splice(at, 1)
    const { slots } = bucket!
    const neighbour = this.#buckets[Math.max(0, at - 1)]
    if (slots.length === 0) return
    if (!neighbour || neighbour.slots.length + slots.length >= FULL) {
      this.#buckets.splice(at, 0, this.#bucket(slots))
      return
    }
    neighbour.slots = at === 0 ? [...slots, ...neighbour.slots] : [...neighbour.slots, ...slots]
    for (const slot of slots) raise(neighbour.most, this.#loads, slot)
  }

  #bucket(slots: number[]): Bucket {
    return { slots, most: mostOf(this.#loads, slots) }
  }

  /** The last bucket that begins at or before it; the first where none does. */
  #bucketOf(slot: number): number {
    let [low, high] = [0, this.#buckets.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#compare(this.#buckets[middle]!.slots[0]!, slot) <= 0) low = middle
      else high = middle - 1
    }
    return low
  }

  #placeIn({ slots }: Bucket, slot: number): number {
    let [low, high] = [0, slots.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#compare(slots[middle]!, slot) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function mostOf(loads: HostLoads, slots: readonly number[]): HostResources {
  const most = { memoryMiB: -Infinity, cpuShares: -Infinity, pids: -Infinity }
  for (const slot of slots) raise(most, loads, slot)
  return most
}

function raise(most: HostResources, loads: HostLoads, slot: number): void {
  if (loads.freeMemoryMiB[slot]! > most.memoryMiB) most.memoryMiB = loads.freeMemoryMiB[slot]!
  if (loads.freeCpuShares[slot]! > most.cpuShares) most.cpuShares = loads.freeCpuShares[slot]!
  if (loads.freePids[slot]! > most.pids) most.pids = loads.freePids[slot]!
}

function isMost(most: HostResources, loads: HostLoads, slot: number): boolean {
  return (
    loads.freeMemoryMiB[slot]! >= most.memoryMiB ||
    loads.freeCpuShares[slot]! >= most.cpuShares ||
    loads.freePids[slot]! >= most.pids
  )
}
