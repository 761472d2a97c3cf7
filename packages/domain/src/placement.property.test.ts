// The index against its own plain meaning, `explain`, over histories of
// dynos and hosts that come, go and change.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { host, request } from './placement.fixture.ts'
import { PlacementIndex } from './placement.ts'
import { placeAll } from './placement-all.ts'
import type { PlacementHost, PlacementRequest } from './placement-request.ts'

const labels = fc.constantFrom<Record<string, string>>({}, { disk: 'ssd' }, { disk: 'hdd' }, { disk: 'ssd', gpu: 'yes' })
const resources = (scale: number) =>
  fc.record({
    memoryMiB: fc.integer({ min: 1, max: 8 }).map((n) => n * scale),
    cpuShares: fc.integer({ min: 1, max: 8 }).map((n) => n * scale),
    pids: fc.integer({ min: 1, max: 8 }).map((n) => n * scale),
  })

const facts: fc.Arbitrary<Partial<PlacementHost>> = fc.record({
  zone: fc.constantFrom('', 'x', 'y'),
  labels,
  condition: fc.constantFrom('up', 'up', 'up', 'sick', 'lost'),
  cordoned: fc.constantFrom(false, false, false, true),
  distrusted: fc.constantFrom(false, false, false, true),
  diskFull: fc.constantFrom(false, false, false, true),
  capacity: resources(1000),
})

const wishes: fc.Arbitrary<PlacementRequest> = fc
  .record({
    appId: fc.constantFrom('shop', 'blog'),
    type: fc.constantFrom('web', 'worker'),
    needs: resources(300),
    on: labels,
    strategy: fc.constantFrom('spread', 'pack'),
    image: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
    not: fc.subarray(['id-h0', 'id-h1']),
  })
  .map(request)

type Step =
  | { kind: 'place'; wish: PlacementRequest }
  | { kind: 'remove'; which: number }
  | { kind: 'update'; which: number; facts: Partial<PlacementHost> }
  | { kind: 'pull'; which: number; image: string }

const steps = fc.array<Step>(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('place' as const), wish: wishes }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('update' as const), which: fc.nat(), facts }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('pull' as const), which: fc.nat(), image: fc.constantFrom('one', 'two') }),
    },
  ),
  { maxLength: 60 },
)

function history(hosts: readonly PlacementHost[], run: readonly Step[]): void {
  const index = new PlacementIndex(hosts, [])
  const placed: string[] = []
  for (const [at, step] of run.entries()) {
    const named = step.kind === 'place' ? undefined : hosts[step.which % hosts.length]!
    if (step.kind === 'pull') index.imageOn(named!.id, step.image)
    if (step.kind === 'update') index.updateHost({ ...named!, ...step.facts })
    if (step.kind === 'remove' && placed.length > 0) index.remove(placed.splice(step.which % placed.length, 1)[0]!)
    if (step.kind !== 'place') continue
    const chosen = index.explain(step.wish).find(({ verdict }) => verdict === 'chosen')
    const placement = index.place(step.wish)
    expect(placement.kind === 'placed' ? placement.hostId : undefined).toBe(chosen?.hostId)
    expect(index.place(step.wish)).toEqual(placement)
    if (placement.kind === 'waiting') continue
    index.add({ ...step.wish, id: String(at), hostId: placement.hostId })
    placed.push(String(at))
  }
}

it('finds what sorting all hosts would find', () => {
  const hosts = fc.array(facts, { minLength: 1, maxLength: 12 }).map((all) => all.map((some, at) => host(`h${at}`, some)))
  fc.assert(fc.property(hosts, steps, history), { numRuns: 300 })
})

it.each([
  { title: 'finds it among so many hosts that there are many buckets', zoneOf: (zone: string) => zone },
  { title: 'finds it among many zones', zoneOf: (zone: string, at: number) => `${zone}${at % 50}` },
])('$title', ({ zoneOf }) => {
  const hosts = fc.array(facts, { minLength: 5, maxLength: 20 }).map((seeds) =>
    Array.from({ length: 400 }, (_, at) => {
      const seed = seeds[at % seeds.length]!
      return host(`h${at}`, { ...seed, zone: zoneOf(seed.zone ?? '', at) })
    }),
  )
  fc.assert(fc.property(hosts, steps, history), { numRuns: 30 })
})

it('promises no more than a host has, whatever is asked', () => {
  const hosts = fc.array(facts, { minLength: 1, maxLength: 8 }).map((all) => all.map((some, at) => host(`h${at}`, some)))
  const property = fc.property(hosts, fc.array(wishes, { maxLength: 40 }), (all, wanted) => {
    const index = new PlacementIndex(all, [])
    placeAll(
      index,
      wanted.map((wish, at) => ({ ...wish, id: String(at) })),
    )
    for (const { id, capacity } of all) {
      const { wanted } = index.hostUse(id)
      for (const name of ['memoryMiB', 'cpuShares', 'pids'] as const) expect(wanted[name]).toBeLessThanOrEqual(capacity[name])
    }
  })
  fc.assert(property, { numRuns: 200 })
})

it('spreads within one over all hosts that have room', () => {
  const property = fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 }), (hostCount, dynoCount) => {
    const capacity = { memoryMiB: 1e6, cpuShares: 1e6, pids: 1e6 }
    const hosts = Array.from({ length: hostCount }, (_, at) => host(`h${at}`, { capacity, zone: `z${at % 3}` }))
    const index = new PlacementIndex(hosts, [])
    placeAll(
      index,
      Array.from({ length: dynoCount }, (_, at) => ({ ...request(), id: String(at) })),
    )
    const counts = hosts.map(({ id }) => index.hostUse(id).dynos)
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
  })
  fc.assert(property)
})
