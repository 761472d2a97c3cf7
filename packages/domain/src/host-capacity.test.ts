import { expect, it } from 'vitest'
import { type HostFacts, isDiskFull, placementHostsOf } from './host-capacity.ts'

const NOW = 1_000_000
const options = { alone: false, memoryOvercommit: 2, nowMs: NOW }

function facts(name: string, more: Partial<HostFacts> = {}): HostFacts {
  const wanted = { cordoned: false, draining: false, removeWanted: false, distrustUntil: null, nodeTrouble: null }
  return { id: name, name, labels: {}, condition: 'up', ...wanted, memoryMiB: 1000, cpus: 2, diskFree: null, ...more }
}
const justLost = { distrustUntil: new Date(NOW + 1) }

it('promises memory more than once, and takes its zone from a label', () => {
  const [host] = placementHostsOf([facts('h1', { labels: { zone: 'a' } })], options)
  expect(host).toMatchObject({ zone: 'a', capacity: { memoryMiB: 2000 } })
})

it.each(['cordoned', 'draining', 'removeWanted'] as const)('takes nothing new while %s', (wish) => {
  expect(placementHostsOf([facts('h1', { [wish]: true })], options)[0]!.cordoned).toBe(true)
})

it('takes nothing new while its swarm starts nothing there', () => {
  expect(placementHostsOf([facts('h1', { nodeTrouble: 'its node is drained' })], options)[0]!.cordoned).toBe(true)
})

it.each([
  { title: 'is not trusted before its time', hosts: [facts('h1', justLost), facts('h2')], got: [true, false] },
  { title: 'is trusted after it', hosts: [facts('h1', { distrustUntil: new Date(NOW) }), facts('h2')], got: [false, false] },
  {
    title: 'is used all the same where no other takes dynos',
    hosts: [facts('h1', justLost), facts('h2', { cordoned: true }), facts('h3', { condition: 'lost' })],
    got: [false, false, false],
  },
])('a host that was lost $title', ({ hosts, got }) => {
  expect(placementHostsOf(hosts, options).map(({ distrusted }) => distrusted)).toEqual(got)
})

it('alone, takes dynos whatever its condition, its past and its disk', () => {
  const sick = facts('local', { condition: 'sick', diskFree: 0, ...justLost })
  expect(placementHostsOf([sick], { ...options, alone: true })).toMatchObject([
    { condition: 'up', distrusted: false, diskFull: false },
  ])
})

it.each([
  { diskFree: null, full: false },
  { diskFree: 3e9, full: false },
  { diskFree: 2e9, full: true },
  { diskFree: 0, full: true },
])('$diskFree bytes free: full $full', ({ diskFree, full }) => {
  expect(isDiskFull({ diskFree })).toBe(full)
  expect(placementHostsOf([facts('h1', { diskFree }), facts('h2')], options)[0]!.diskFull).toBe(full)
})
