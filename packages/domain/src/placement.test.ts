import { expect, it } from 'vitest'
import { ballast, dyno, host, request, SMALL } from './placement.fixture.ts'
import { PlacementIndex } from './placement.ts'
import type { PlacementRequest } from './placement-request.ts'

/** Names of the hosts that `count` such dynos get, one after the other. */
function placeMany(index: PlacementIndex, count: number, facts: Partial<PlacementRequest> = {}): string[] {
  return Array.from({ length: count }, (_, at) => {
    const wanted = request(facts)
    const placement = index.place(wanted)
    if (placement.kind === 'waiting') return placement.reason
    index.add(dyno(`${wanted.type}.new-${at}`, '', { ...wanted, hostId: placement.hostId }))
    return placement.hostId.slice('id-'.length)
  })
}

it.each([
  { title: 'spreads web over hosts before filling one', hosts: [host('b'), host('a')], dynos: [], got: ['a', 'b', 'a'] },
  {
    title: 'prefers the host with fewer of the same process type, however full it is',
    ...{ hosts: [host('a'), host('b')], dynos: [dyno('web.1', 'a'), ballast('b', 3000)], got: ['b', 'a'] },
  },
  {
    title: 'takes the emptiest by share of memory among equals',
    hosts: [host('a'), host('b', { capacity: { memoryMiB: 65536, cpuShares: 8192, pids: 8192 } })],
    ...{ dynos: [ballast('a', 512), ballast('b', 1024)], got: ['b', 'a'] },
  },
  {
    title: 'takes the zone with fewer of them among hosts with equally many',
    hosts: [host('a', { zone: 'x' }), host('b', { zone: 'x' }), host('c', { zone: 'y' }), host('d', { zone: 'y' })],
    ...{ dynos: [], got: ['a', 'c', 'b', 'd'] },
  },
  {
    title: 'spreads over hosts before zones',
    hosts: [host('a', { zone: 'x' }), host('b', { zone: 'x' }), host('c', { zone: 'y' })],
    ...{ dynos: [dyno('web.1', 'a'), dyno('web.2', 'c')], got: ['b'] },
  },
  {
    title: 'counts another process type and another app for nothing',
    ...{ hosts: [host('a'), host('b')], got: ['a'] },
    dynos: [dyno('worker.1', 'a'), dyno('web.9', 'a', { appId: 'other' }), ballast('b', 2000)],
  },
])('$title', ({ hosts, dynos, got }) => {
  expect(placeMany(new PlacementIndex(hosts, dynos), got.length)).toEqual(got)
})

it.each([
  { title: 'that is cordoned', facts: { cordoned: true } },
  { title: 'that is sick', facts: { condition: 'sick' as const } },
  { title: 'that is back from being lost', facts: { distrusted: true } },
  { title: 'whose disk is full', facts: { diskFull: true } },
  { title: 'without the label', facts: { labels: { disk: 'hdd' } } },
  { title: 'without the memory', facts: { capacity: { memoryMiB: 511, cpuShares: 9999, pids: 9999 } } },
  { title: 'without the CPU shares', facts: { capacity: { memoryMiB: 9999, cpuShares: 511, pids: 9999 } } },
  { title: 'without the processes', facts: { capacity: { memoryMiB: 9999, cpuShares: 9999, pids: 255 } } },
])('uses no host $title', ({ facts }) => {
  const labels = { disk: 'ssd' }
  const index = new PlacementIndex([host('a', { labels, ...facts }), host('b', { labels })], [])
  expect(placeMany(index, 2, { on: { disk: 'ssd' } })).toEqual(['b', 'b'])
})

it('leaves the hosts it is told to', () => {
  expect(placeMany(new PlacementIndex([host('a'), host('b')], []), 2, { not: ['id-a'] })).toEqual(['b', 'b'])
})

it('prefers a host that has the image, but not to spreading', () => {
  const index = new PlacementIndex([host('a'), host('b'), host('c')], [])
  index.imageOn('id-c', 'v1')
  expect(placeMany(index, 4, { image: 'v1' })).toEqual(['c', 'a', 'b', 'c'])
})

it('packs: fills the fullest host that has room before it opens the largest of the empty ones', () => {
  const large = { memoryMiB: 8192, cpuShares: 8192, pids: 8192 }
  const index = new PlacementIndex([host('a'), host('b'), host('c', { capacity: large })], [ballast('b', 3072)])
  expect(placeMany(index, 4, { strategy: 'pack' })).toEqual(['b', 'b', 'c', 'c'])
})

it('packs: the image decides between equally full hosts only', () => {
  const index = new PlacementIndex([host('a'), host('b'), host('c')], [])
  index.imageOn('id-b', 'v1')
  expect(placeMany(index, 2, { strategy: 'pack', image: 'v1' })).toEqual(['b', 'b'])
  index.imageOn('id-c', 'v2')
  expect(placeMany(index, 1, { strategy: 'pack', image: 'v2', type: 'worker' })).toEqual(['b'])
})

it('spreads the dynos of a release without regard to those of the one before', () => {
  const old = [dyno('web.1', 'a', { release: 'v1' }), dyno('web.2', 'b', { release: 'v1' })]
  const index = new PlacementIndex([host('a'), host('b'), host('c')], old)
  expect(placeMany(index, 3, { release: 'v2' }).sort()).toEqual(['a', 'b', 'c'])
})

it('takes what changed into account: dynos that went, hosts that are lost and come back', () => {
  const index = new PlacementIndex([host('a'), host('b')], [dyno('web.1', 'a')])
  index.remove('web.1')
  expect(placeMany(index, 1)).toEqual(['a'])
  index.updateHost(host('b', { condition: 'lost' }))
  expect(placeMany(index, 1)).toEqual(['a'])
  index.updateHost(host('b'))
  expect(placeMany(index, 1)).toEqual(['b'])
})

it('counts a host and what is on it in the zone it has moved to', () => {
  const zones = { a: 'x', b: 'y', c: 'x' }
  const hosts = Object.entries(zones).map(([name, zone]) => host(name, { zone }))
  const index = new PlacementIndex(hosts, [dyno('web.1', 'a')])
  expect(index.place(request())).toMatchObject({ hostId: 'id-b' })
  index.updateHost(host('a', { zone: 'y' }))
  expect(index.place(request())).toMatchObject({ hostId: 'id-c' })
})

it('says what it weighed', () => {
  const index = new PlacementIndex([host('a', { zone: 'x' }), host('b', { zone: 'y' })], [dyno('web.1', 'a'), ballast('b', 1024)])
  expect(index.place(request({ image: 'v1' }))).toEqual({
    kind: 'placed',
    hostId: 'id-b',
    explanation: [
      'fewest web dynos of this app: 0 on b',
      'fewest web dynos in its zone y: 0',
      'the image has to be pulled',
      'of these the emptiest: 25 % of the memory of b was promised',
    ],
  })
})

it('explains every host, the best first', () => {
  const index = new PlacementIndex(
    [host('a'), host('b'), host('c', { condition: 'lost', cordoned: true }), host('d', { labels: { disk: 'ssd' } })],
    [dyno('web.1', 'a'), ballast('d', 4000)],
  )
  const verdicts = index.explain(request()).map(({ name, verdict, against }) => [name, verdict, ...against])
  expect(verdicts).toEqual([
    ['b', 'chosen'],
    ['a', 'possible'],
    ['c', 'filtered', 'is lost'],
    ['d', 'filtered', 'has 96 MB free, not 512 MB'],
  ])
})

it('counts what is on a host, and nothing on one it does not know', () => {
  const index = new PlacementIndex([host('a')], [dyno('web.1', 'a'), dyno('web.2', 'gone')])
  expect(index.hostUse('id-a')).toEqual({ dynos: 1, wanted: SMALL })
  expect(index.hostUse('id-gone').dynos).toBe(0)
})
