import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ballast, dyno, host } from './placement.fixture.ts'
import { planRebalance, type RebalanceWish } from './placement-rebalance.ts'
import type { PlacedDyno, PlacementHost } from './placement-request.ts'

const spread = (): RebalanceWish => ({ on: {}, strategy: 'spread' })

function moves(hosts: readonly PlacementHost[], dynos: readonly PlacedDyno[], wishOf = spread): string[] {
  return planRebalance(hosts, dynos, wishOf).map(({ dynoId, from, to }) => `${dynoId} ${from.slice(3)}>${to.slice(3)}`)
}

const four = [dyno('web.1', 'a'), dyno('web.2', 'a'), dyno('web.3', 'a'), dyno('web.4', 'a')]

it.each([
  { title: 'moves to a new host what evens it out', hosts: [host('a'), host('b')], dynos: four, got: ['web.4 a>b', 'web.3 a>b'] },
  { title: 'moves nothing that is even within one', hosts: [host('a'), host('b')], dynos: four.slice(0, 1), got: [] },
  { title: 'moves nothing to a cordoned host', hosts: [host('a'), host('b', { cordoned: true })], dynos: four, got: [] },
  {
    title: 'leaves alone what is on a host out of service',
    hosts: [host('a', { condition: 'sick' }), host('b')],
    dynos: four,
    got: [],
  },
  {
    title: 'moves as far as there is room',
    ...{ hosts: [host('a'), host('b')], dynos: [...four, ballast('b', 3500)], got: ['web.4 a>b'] },
  },
])('$title', ({ hosts, dynos, got }) => expect(moves(hosts, dynos)).toEqual(got))

it('moves only to hosts with the labels, and nothing that is to be packed', () => {
  const hosts = [host('a', { labels: { disk: 'ssd' } }), host('b'), host('c', { labels: { disk: 'ssd' } })]
  expect(moves(hosts, four, () => ({ on: { disk: 'ssd' }, strategy: 'spread' }))).toEqual(['web.4 a>c', 'web.3 a>c'])
  expect(moves(hosts, four, () => ({ on: {}, strategy: 'pack' }))).toEqual([])
})

it('spreads every process type within one, with no more moves than that takes, and then plans none', () => {
  const capacity = { memoryMiB: 1e6, cpuShares: 1e6, pids: 1e6 }
  const places = fc.array(fc.record({ at: fc.nat(), type: fc.constantFrom('web', 'worker') }), { maxLength: 40 })
  const property = fc.property(fc.integer({ min: 1, max: 7 }), places, (hostCount, all) => {
    const hosts = Array.from({ length: hostCount }, (_, at) => host(`h${at}`, { capacity }))
    const dynos = all.map(({ at, type }, id) => dyno(`${type}.${id}`, `h${at % hostCount}`))
    const planned = planRebalance(hosts, dynos, spread)
    const to = new Map(planned.map((move) => [move.dynoId, move.to]))
    const after = dynos.map((one) => ({ ...one, hostId: to.get(one.id) ?? one.hostId }))
    for (const type of ['web', 'worker']) {
      const counts = countsOf(hosts, after, type)
      expect(counts[0]! - counts.at(-1)!).toBeLessThanOrEqual(1)
    }
    const fewest = ['web', 'worker'].map((type) => fewestMoves(countsOf(hosts, dynos, type))).reduce((a, b) => a + b)
    expect(planned).toHaveLength(fewest)
    expect(planRebalance(hosts, after, spread)).toEqual([])
  })
  fc.assert(property)
})

/** Dynos of a type on each host, the most first. */
function countsOf(hosts: readonly PlacementHost[], dynos: readonly PlacedDyno[], type: string): number[] {
  return hosts.map(({ id }) => dynos.filter((one) => one.type === type && one.hostId === id).length).sort((a, b) => b - a)
}

/** The hosts with most keep one more where it does not come out even; all above that has to move. */
function fewestMoves(counts: readonly number[]): number {
  const all = counts.reduce((a, b) => a + b)
  const [each, over] = [Math.floor(all / counts.length), all % counts.length]
  return counts.reduce((moves, count, at) => moves + Math.max(0, count - (at < over ? each + 1 : each)), 0)
}
