// Every host's verdict on a dyno, best first: `paas ps:explain`. It looks at
// all hosts and sorts them, which is the plain meaning of what the index finds
// quickly; tests hold the two against each other.
import { missingLabels, outOfService, RESOURCE_NAMES, RESOURCES } from './placement-filter.ts'
import type { HostLoads } from './placement-loads.ts'
import type { Peers } from './placement-peers.ts'
import { compareBy } from './placement-pool.ts'
import type { PlacementRequest } from './placement-request.ts'

/** In the order in which they decide when spreading. */
export interface HostScore {
  /** Dynos of the same process type on the host. */
  peersOnHost: number
  /** The same, in its zone. */
  peersInZone: number
  imageThere: boolean
  /** Of the memory that may be promised, the share that is: 0 to 1. */
  memoryShare: number
}

export interface HostVerdict {
  hostId: string
  name: string
  /** `chosen` is what a placement would use now; of the `possible` ones the better come first. */
  verdict: 'chosen' | 'possible' | 'filtered'
  /** Everything that speaks against a filtered host: `is cordoned`, `has not the label disk=ssd`, `has 300 of 512 MB free`. */
  against: string[]
  score: HostScore
}

export interface Facts {
  loads: HostLoads
  peers: Peers
  holders: ReadonlySet<number> | undefined
}

export function explainHosts(facts: Facts, request: PlacementRequest): HostVerdict[] {
  const slots = [...facts.loads.hosts.keys()]
  const against = slots.map((slot) => reasonsAgainst(facts.loads, slot, request))
  const possible = slots.filter((slot) => against[slot]!.length === 0).sort(compareHosts(facts, request))
  const filtered = slots.filter((slot) => against[slot]!.length > 0)
  return [...possible, ...filtered].map((slot): HostVerdict => {
    const { id, name } = facts.loads.host(slot)
    const verdict = slot === possible[0] ? 'chosen' : against[slot]!.length === 0 ? 'possible' : 'filtered'
    return { hostId: id, name, verdict, against: against[slot]!, score: scoreOf(facts, slot) }
  })
}

/** What is said of the host a dyno was given, in the order in which it was weighed; `slot` does not have the dyno yet. */
export function explainChoice(facts: Facts, slot: number, { type, strategy, image }: PlacementRequest): string[] {
  const { peersOnHost, peersInZone, imageThere, memoryShare } = scoreOf(facts, slot)
  const { name, zone } = facts.loads.host(slot)
  const memory = `${Math.round(memoryShare * 100)} % of the memory of ${name} was promised`
  const where = image === undefined ? [] : [imageThere ? 'the image is there' : 'the image has to be pulled']
  if (strategy === 'pack') return [`the fullest host with room: ${memory}`, ...where]
  const inZone = zone === '' ? [] : [`fewest ${type} dynos in its zone ${zone}: ${peersInZone}`]
  return [`fewest ${type} dynos of this app: ${peersOnHost} on ${name}`, ...inZone, ...where, `of these the emptiest: ${memory}`]
}

function reasonsAgainst(loads: HostLoads, slot: number, { on, not, needs }: PlacementRequest): string[] {
  const host = loads.host(slot)
  const free = loads.free(slot)
  const out = outOfService(host)
  return [
    ...(out ? [out.one] : []),
    ...(not?.includes(host.id) ? ['is being left'] : []),
    ...missingLabels(host.labels, on).map((label) => `does not have the label ${label}`),
    ...RESOURCE_NAMES.filter((name) => free[name] < needs[name]).map((name) => {
      const say = RESOURCES[name]
      return `has ${say(free[name])} free, not ${say(needs[name])}`
    }),
  ]
}

function scoreOf({ loads, peers, holders }: Facts, slot: number): HostScore {
  return {
    peersOnHost: peers.on(slot),
    peersInZone: peers.in(loads.host(slot).zone),
    imageThere: holders?.has(slot) ?? false,
    memoryShare: loads.memoryShare[slot]!,
  }
}

function compareHosts({ loads, peers, holders }: Facts, { strategy }: PlacementRequest): (a: number, b: number) => number {
  const compare = compareBy(strategy, loads)
  const image = (slot: number) => (holders?.has(slot) ? 0 : 1)
  const size = (slot: number) => loads.host(slot).capacity.memoryMiB
  if (strategy === 'pack') {
    return (a, b) => loads.memoryShare[b]! - loads.memoryShare[a]! || size(b) - size(a) || image(a) - image(b) || compare(a, b)
  }
  const zone = (slot: number) => peers.in(loads.host(slot).zone)
  return (a, b) => peers.on(a) - peers.on(b) || zone(a) - zone(b) || image(a) - image(b) || compare(a, b)
}
