// Placement: which host a dyno gets, and why.
//
// Filters (in service, labels, room), then scores. Spreading a process type
// over hosts comes before everything else, because losing one host must not
// stop every web dyno of an app; zones come next, then the image that need not
// be pulled, then packing. Only `pack` puts few hosts before all of that.
//
// Deterministic: ties go to the lowest name. Where a decision is looked up and
// not searched for: placement-order.ts.
import { invariant } from './errors.ts'
import { type HostResources, NO_RESOURCES } from './host.ts'
import { chooseHost } from './placement-choose.ts'
import { explainChoice, explainHosts, type Facts, type HostVerdict } from './placement-explain.ts'
import { hasLabels, isInService } from './placement-filter.ts'
import { HostLoads } from './placement-loads.ts'
import { AllPeers, Peers } from './placement-peers.ts'
import { HostPool } from './placement-pool.ts'
import type { BriefPlacement, PlacedDyno, Placement, PlacementHost, PlacementRequest } from './placement-request.ts'
import { waitingReason } from './placement-waiting.ts'

export type { HostScore, HostVerdict } from './placement-explain.ts'
export type * from './placement-request.ts'

/** Wishes for labels whose pool is kept; with more of them, the one that was not used for longest is built anew when it is asked for. */
const POOLS = 64
const NOBODY = new Peers({ appId: '', type: '' })
const NONE: ReadonlySet<number> = new Set()

export class PlacementIndex {
  readonly #loads: HostLoads
  readonly #dynos = new Map<string, PlacedDyno>()
  readonly #peers = new AllPeers()
  readonly #holders = new Map<string, Set<number>>()
  readonly #pools = new Map<string, HostPool>()
  /** Reasons that hold until something changes: many dynos may wait for the same. */
  readonly #reasons = new Map<string, string>()

  constructor(hosts: readonly PlacementHost[], dynos: readonly PlacedDyno[]) {
    this.#loads = new HostLoads(hosts)
    for (const dyno of dynos) this.add(dyno)
  }

  /** Where it would go now, and why. Changes nothing: `add` the dyno once it is placed there. */
  place(request: PlacementRequest): Placement {
    const facts = this.#facts(request)
    const slot = this.#choose(request, facts)
    if (slot === undefined) return { kind: 'waiting', reason: this.#reason(request) }
    return { kind: 'placed', hostId: this.#loads.host(slot).id, explanation: explainChoice(facts, slot, request) }
  }

  /** The same without the words: the host's id, or the reason to wait. */
  placeBriefly(request: PlacementRequest): BriefPlacement {
    const slot = this.#choose(request, this.#facts(request))
    if (slot === undefined) return { kind: 'waiting', reason: this.#reason(request) }
    return { kind: 'placed', hostId: this.#loads.host(slot).id }
  }

  /** A dyno that has its host. One of the same id is replaced. */
  add(dyno: PlacedDyno): void {
    this.remove(dyno.id)
    this.#dynos.set(dyno.id, dyno)
    this.#count(dyno, 1)
  }

  /** It is gone, and its room free. An unknown one is no error. */
  remove(dynoId: string): void {
    const dyno = this.#dynos.get(dynoId)
    if (!dyno) return
    this.#dynos.delete(dynoId)
    this.#count(dyno, -1)
  }

  /** New facts about a host it knows, as that it is lost. A host it does not know needs a new index. */
  updateHost(host: PlacementHost): void {
    const slot = this.#loads.slotOf(host.id)
    invariant(slot !== undefined, `host ${host.name} is in the index`)
    const before = this.#loads.host(slot)
    this.#change(slot, () => this.#loads.replace(slot, host))
    if (before.zone !== host.zone) this.#peers.move(slot, before.zone, host.zone)
  }

  /** The host has it, so that dynos which run it start sooner there. */
  imageOn(hostId: string, image: string): void {
    const slot = this.#loads.slotOf(hostId)
    if (slot === undefined) return
    const holders = this.#holders.get(image)
    if (holders) holders.add(slot)
    else this.#holders.set(image, new Set([slot]))
  }

  /** Every host's verdict, the best host first. */
  explain(request: PlacementRequest): HostVerdict[] {
    return explainHosts(this.#facts(request), request)
  }

  /** How many dynos it has and what they were promised; nothing for a host it does not know. */
  hostUse(hostId: string): { dynos: number; wanted: HostResources } {
    const slot = this.#loads.slotOf(hostId)
    if (slot === undefined) return { dynos: 0, wanted: NO_RESOURCES }
    return { dynos: this.#loads.dynos[slot]!, wanted: this.#loads.promised(slot) }
  }

  #facts(request: PlacementRequest): Facts {
    const holders = request.image === undefined ? undefined : this.#holders.get(request.image)
    return { loads: this.#loads, peers: this.#peers.find(request) ?? NOBODY, holders }
  }

  #choose(request: PlacementRequest, { loads, peers, holders }: Facts): number | undefined {
    const not = request.not?.length ? new Set(request.not.map((id) => loads.slotOf(id) ?? -1)) : NONE
    return chooseHost({ loads, peers, holders, pool: this.#pool(request), request, not })
  }

  #count(dyno: PlacedDyno, change: 1 | -1): void {
    const slot = this.#loads.slotOf(dyno.hostId)
    if (slot === undefined) return
    this.#change(slot, () => this.#loads.promise(slot, dyno.needs, change))
    this.#peers.count(dyno, slot, this.#loads.host(slot).zone, change)
  }

  /** Pools keep hosts in the order of their load, so they let go of one while it changes. */
  #change(slot: number, change: () => void): void {
    for (const pool of this.#pools.values()) pool.leave(slot)
    change()
    for (const pool of this.#pools.values()) pool.join(slot)
    if (this.#reasons.size > 0) this.#reasons.clear()
  }

  #pool({ strategy, on }: PlacementRequest): HostPool {
    const key = `${strategy} ${labelsKey(on)}`
    const known = this.#pools.get(key)
    const pool = known ?? new HostPool(this.#loads, { strategy, takes: (host) => isInService(host) && hasLabels(host, on) })
    if (known) this.#pools.delete(key)
    else if (this.#pools.size === POOLS) this.#pools.delete(this.#pools.keys().next().value!)
    this.#pools.set(key, pool)
    return pool
  }

  #reason(request: PlacementRequest): string {
    const { needs, on, not = [] } = request
    const key = `${needs.memoryMiB} ${needs.cpuShares} ${needs.pids} ${labelsKey(on)} ${not.join(' ')}`
    const reason = this.#reasons.get(key) ?? waitingReason(this.#loads, request)
    this.#reasons.set(key, reason)
    return reason
  }
}

function labelsKey(on: Readonly<Record<string, string>>): string {
  const entries = Object.entries(on)
  return entries.length === 0 ? '' : JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
