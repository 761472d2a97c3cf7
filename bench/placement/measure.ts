// What is measured at one size of a fleet, with what it decided checked.
import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type BriefPlacement, type PlacedDyno, type PlacementHost, PlacementIndex } from '@paas/domain/placement'
import { placeAll, type UnplacedDyno } from '@paas/domain/placement-all'
import { checkPlan, type Faults, hostsUsed } from './check.ts'
import { firstFitDecreasing } from './first-fit.ts'
import { type Chance, chanceOf, makeDynos, makeHosts, makePackedDynos, pick, shuffled } from './fleet.ts'

const DYNOS_PER_HOST = 10
const PLANS = 7
const SINGLES = 5_000
/** One in so many asks for more than any host has: a reason to wait is looked for among all hosts. */
const HOPELESS = 50
const LOSSES = 200

export interface Measured {
  hosts: number
  dynos: number
  planMs: number[]
  rebuildMs: number[]
  oneMs: number[]
  lossMs: number[]
  /** The index alone, with all dynos in it. */
  heapBytes: number
  faults: Faults & { unlikeExplained: number }
  packed: { even: Packed; odd: Packed }
}

/** Hosts used. */
export interface Packed {
  largestFirst: number
  /** Each placed before the next is known. */
  oneByOne: number
  firstFitDecreasing: number
  /** Dynos without a host, and hosts that promise more than they have. */
  wrong: number
}

export function measure(hostCount: number): Measured {
  const chance = chanceOf(hostCount)
  const hosts = makeHosts(hostCount, chance)
  const wanted = shuffled(makeDynos(hostCount * DYNOS_PER_HOST, chance), chance)
  const planMs = Array.from({ length: PLANS }, () => timed(() => placeAll(new PlacementIndex(hosts, []), wanted)).elapsedMs)
  const answers = placeAll(new PlacementIndex(hosts, []), wanted)
  const placed = placedOf(wanted, answers)
  const rebuildMs = Array.from({ length: PLANS }, () => timed(() => new PlacementIndex(hosts, placed)).elapsedMs)
  const heapBefore = heapUsed()
  const index = indexOf(hosts, placed, wanted)
  const heapBytes = heapUsed() - heapBefore
  const faults = checkPlan(hosts, wanted, new Map(placed.map(({ id, hostId }) => [id, hostId])))
  return {
    ...{ hosts: hostCount, dynos: wanted.length, planMs, rebuildMs, heapBytes },
    faults: { ...faults, unlikeExplained: unlikeExplained(index, wanted, chance) },
    oneMs: placeSingles(index, wanted, placed, chance),
    lossMs: loseHosts(hosts, placed, wanted, chance),
    packed: { even: pack(hosts, 'even', chance), odd: pack(hosts, 'odd', chance) },
  }
}

function placedOf(wanted: readonly UnplacedDyno[], answers: readonly BriefPlacement[]): PlacedDyno[] {
  return wanted.flatMap(({ id, appId, type, needs }, at) => {
    const answer = answers[at]!
    return answer.kind === 'placed' ? [{ id, appId, type, needs, hostId: answer.hostId }] : []
  })
}

function indexOf(
  hosts: readonly PlacementHost[],
  placed: readonly PlacedDyno[],
  wanted: readonly UnplacedDyno[],
): PlacementIndex {
  const index = new PlacementIndex(hosts, placed)
  const images = new Map(wanted.map(({ id, image }) => [id, image]))
  for (const { id, hostId } of placed) index.imageOn(hostId, images.get(id) ?? '')
  for (const dyno of wanted.slice(0, 100)) index.place(dyno)
  return index
}

/** One more dyno in a full fleet, placed and entered; a random one leaves for it. */
function placeSingles(
  index: PlacementIndex,
  wanted: readonly UnplacedDyno[],
  placed: readonly PlacedDyno[],
  chance: Chance,
): number[] {
  const there = [...placed]
  return Array.from({ length: SINGLES }, (_, at) => {
    const request = { ...pick(wanted, chance) }
    if (at % HOPELESS === 0) request.needs = { ...request.needs, memoryMiB: 1e9 }
    const leaving = Math.floor(chance() * there.length)
    index.remove(there[leaving]!.id)
    const { elapsedMs, value } = timed(() => {
      const placement = index.place(request)
      if (placement.kind === 'waiting') return undefined
      const dyno = { ...request, id: `single-${at}`, hostId: placement.hostId }
      index.add(dyno)
      return dyno
    })
    if ((value === undefined) !== (at % HOPELESS === 0)) throw new Error('A dyno that fits waits, or one that does not is placed')
    there[leaving] = value ?? there[leaving]!
    if (!value) index.add(there[leaving]!)
    return elapsedMs
  })
}

/** A host with ten dynos is lost, and each of them placed elsewhere; then it comes back, and they return. */
function loseHosts(
  hosts: readonly PlacementHost[],
  placed: readonly PlacedDyno[],
  wanted: readonly UnplacedDyno[],
  chance: Chance,
): number[] {
  const index = indexOf(hosts, placed, wanted)
  const requests = new Map(wanted.map((dyno) => [dyno.id, dyno]))
  const onHost = Map.groupBy(placed, ({ hostId }) => hostId)
  const candidates = hosts.filter(({ id }) => (onHost.get(id)?.length ?? 0) >= DYNOS_PER_HOST)
  return Array.from({ length: LOSSES }, () => {
    const host = pick(candidates, chance)
    const lost = onHost.get(host.id)!.slice(0, DYNOS_PER_HOST)
    const { elapsedMs, value } = timed(() => {
      index.updateHost({ ...host, condition: 'lost' })
      for (const { id } of lost) index.remove(id)
      return placeAll(
        index,
        lost.map(({ id }) => requests.get(id)!),
      )
    })
    if (value.some((placement) => placement.kind === 'waiting' || placement.hostId === host.id))
      throw new Error('Not all are replaced')
    index.updateHost(host)
    for (const dyno of lost) index.add(dyno)
    return elapsedMs
  })
}

/** Of some requests: how many are placed otherwise than a look at all hosts would have it. */
function unlikeExplained(index: PlacementIndex, wanted: readonly UnplacedDyno[], chance: Chance): number {
  return Array.from({ length: 50 }, () => pick(wanted, chance)).filter((request) => {
    const placement = index.place(request)
    const [best] = index.explain(request)
    return placement.kind === 'waiting' || placement.hostId !== best!.hostId
  }).length
}

function pack(hosts: readonly PlacementHost[], sizes: 'even' | 'odd', chance: Chance): Packed {
  const dynos = shuffled(makePackedDynos(hosts.length * DYNOS_PER_HOST, sizes, chance), chance)
  const together = placedOf(dynos, placeAll(new PlacementIndex(hosts, []), dynos))
  const index = new PlacementIndex(hosts, [])
  const oneByOne = dynos.flatMap((dyno) => placedOf([dyno], placeAll(index, [dyno])))
  const faults = [together, oneByOne].map((placed) =>
    checkPlan(hosts, dynos, new Map(placed.map(({ id, hostId }) => [id, hostId]))),
  )
  return {
    largestFirst: hostsUsed(together),
    oneByOne: hostsUsed(oneByOne),
    firstFitDecreasing: firstFitDecreasing(hosts, dynos),
    wrong: faults.reduce((all, { misplaced, overfull }) => all + misplaced + overfull, 0),
  }
}

function timed<T>(work: () => T): { elapsedMs: number; value: T } {
  const began = performance.now()
  const value = work()
  return { elapsedMs: performance.now() - began, value }
}

/** After a collection, so that two readings can be compared. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
