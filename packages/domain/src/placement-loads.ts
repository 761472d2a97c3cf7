// What is promised on each host and what is free, by slot: a host's place in
// the order of names, so that comparing slots breaks ties by name.
//
// Columns of numbers rather than objects: a search over 10,000 hosts touches
// nothing else.
import { invariant } from './errors.ts'
import type { HostResources } from './host.ts'
import type { PlacementHost } from './placement-request.ts'

export class HostLoads {
  readonly hosts: PlacementHost[]
  readonly freeMemoryMiB: Float64Array
  readonly freeCpuShares: Float64Array
  readonly freePids: Float64Array
  /** Of the memory that may be promised, how much is: 0 to 1, more where a host has become smaller. */
  readonly memoryShare: Float64Array
  readonly dynos: Int32Array
  readonly #slots: Map<string, number>

  constructor(hosts: readonly PlacementHost[]) {
    this.hosts = hosts.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1))
    this.#slots = new Map(this.hosts.map(({ id }, slot) => [id, slot]))
    const columns = Array.from({ length: 4 }, () => new Float64Array(hosts.length))
    this.freeMemoryMiB = columns[0]!
    this.freeCpuShares = columns[1]!
    this.freePids = columns[2]!
    this.memoryShare = columns[3]!
    this.dynos = new Int32Array(hosts.length)
    for (const [slot, { capacity }] of this.hosts.entries()) this.#free(slot, capacity, 1)
  }

  /** undefined: no such host. */
  slotOf(hostId: string): number | undefined {
    return this.#slots.get(hostId)
  }

  host(slot: number): PlacementHost {
    return this.hosts[slot]!
  }

  /** Promises it to a dyno (`count` 1), or takes it back (-1). */
  promise(slot: number, needs: HostResources, count: 1 | -1): void {
    this.dynos[slot]! += count
    this.#free(slot, needs, count === 1 ? -1 : 1)
  }

  /** The same host with other facts. What is promised on it stays. */
  replace(slot: number, host: PlacementHost): void {
    const before = this.host(slot)
    invariant(before.id === host.id && before.name === host.name, `${before.name} stays the same host`)
    this.#free(slot, before.capacity, -1)
    this.hosts[slot] = host
    this.#free(slot, host.capacity, 1)
  }

  fits(slot: number, { memoryMiB, cpuShares, pids }: HostResources): boolean {
    return this.freeMemoryMiB[slot]! >= memoryMiB && this.freeCpuShares[slot]! >= cpuShares && this.freePids[slot]! >= pids
  }

  free(slot: number): HostResources {
    return {
      memoryMiB: this.freeMemoryMiB[slot]!,
      cpuShares: this.freeCpuShares[slot]!,
      pids: this.freePids[slot]!,
    }
  }

  /** What all dynos on it were promised. */
  promised(slot: number): HostResources {
    const { capacity } = this.host(slot)
    const free = this.free(slot)
    return {
      memoryMiB: capacity.memoryMiB - free.memoryMiB,
      cpuShares: capacity.cpuShares - free.cpuShares,
      pids: capacity.pids - free.pids,
    }
  }

  #free(slot: number, { memoryMiB, cpuShares, pids }: HostResources, sign: 1 | -1): void {
    this.freeMemoryMiB[slot]! += sign * memoryMiB
    this.freeCpuShares[slot]! += sign * cpuShares
    this.freePids[slot]! += sign * pids
    const all = this.host(slot).capacity.memoryMiB
    this.memoryShare[slot] = all > 0 ? 1 - this.freeMemoryMiB[slot]! / all : 1
  }
}
