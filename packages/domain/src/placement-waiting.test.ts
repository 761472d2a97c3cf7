import { expect, it } from 'vitest'
import { ballast, host, request } from './placement.fixture.ts'
import { PlacementIndex } from './placement.ts'

const ssd = { labels: { disk: 'ssd' } }
const cordoned = { cordoned: true }
const lost = { condition: 'lost' as const }

it.each([
  { got: 'there is no host', hosts: [] },
  { got: 'no host has 512 MB free (largest free: 300 MB on h2)', hosts: [host('h1'), host('h2')], full: { h1: 3996, h2: 3796 } },
  {
    got: 'no host has 512 CPU shares free (largest free: 100 CPU shares on h1)',
    hosts: [host('h1', { capacity: { memoryMiB: 4096, cpuShares: 100, pids: 999 } })],
  },
  {
    got: 'no host has 512 MB and 512 CPU shares free at once (largest free: 4096 MB on h1, 900 CPU shares on h2)',
    hosts: [
      host('h1', { capacity: { memoryMiB: 4096, cpuShares: 100, pids: 999 } }),
      host('h2', { capacity: { memoryMiB: 100, cpuShares: 900, pids: 999 } }),
    ],
  },
  {
    got: 'no host has 512 MB free (largest free: 96 MB on h1); h2 and h3 have room but are cordoned, h4 has room but is lost',
    ...{ hosts: [host('h1'), host('h2', cordoned), host('h3', cordoned), host('h4', lost)], full: { h1: 4000 } },
  },
  { got: 'no host has the label disk=ssd', hosts: [host('h1')], on: { disk: 'ssd' } },
  { got: 'no host has the label gpu=yes', hosts: [host('h1', ssd)], on: { disk: 'ssd', gpu: 'yes' } },
  {
    got: 'no host has the labels disk=ssd and gpu=yes together',
    ...{ hosts: [host('h1', ssd), host('h2', { labels: { gpu: 'yes' } })], on: { disk: 'ssd', gpu: 'yes' } },
  },
  {
    got: 'no host with the label disk=ssd has 512 MB free (largest free: 96 MB on h1)',
    ...{ hosts: [host('h1', ssd), host('h2')], on: { disk: 'ssd' }, full: { h1: 4000 } },
  },
  {
    got: 'every host with the label disk=ssd is cordoned',
    hosts: [host('h1', { ...ssd, ...cordoned }), host('h2')],
    on: { disk: 'ssd' },
  },
  { got: 'every host is cordoned', hosts: [host('h1', cordoned), host('h2', cordoned)] },
  { got: 'no host is up: h2 is lost', hosts: [host('h2', lost)] },
  {
    got: 'no host is up: h1 is still joining, h2 is sick, h3 failed to join',
    hosts: [host('h1', { condition: 'joining' }), host('h2', { condition: 'sick' }), host('h3', { condition: 'failed' })],
  },
  { got: 'no host is up: 4 hosts are lost', hosts: ['a', 'b', 'c', 'd'].map((name) => host(name, lost)) },
  {
    got: 'no host takes new dynos: h1 was lost and is not trusted yet, h2 is cordoned, h3 has hardly any disk left',
    hosts: [host('h1', { distrusted: true }), host('h2', cordoned), host('h3', { diskFull: true })],
  },
  { got: 'there is no other host', hosts: [host('h1')], not: ['id-h1'] },
  { got: 'every other host is cordoned', hosts: [host('h1'), host('h2', cordoned)], not: ['id-h1'] },
  {
    got: 'no other host has 512 MB free (largest free: 0 MB on h2)',
    hosts: [host('h1'), host('h2')],
    not: ['id-h1'],
    full: { h2: 4200 },
  },
])('$got', ({ got, hosts, full = {}, on = {}, not = [] }) => {
  const dynos = Object.entries(full).map(([name, memoryMiB]) => ballast(name, memoryMiB!))
  const index = new PlacementIndex(hosts, dynos)
  expect(index.place(request({ on, not }))).toEqual({ kind: 'waiting', reason: got })
})

it('tells what is true now, not what was true for the one before', () => {
  const index = new PlacementIndex([host('h1')], [ballast('h1', 4000)])
  const reason = () => {
    const placement = index.place(request())
    return placement.kind === 'waiting' ? placement.reason : placement.hostId
  }
  expect(reason()).toContain('96 MB on h1')
  index.add(ballast('h1', 4090))
  expect(reason()).toContain('6 MB on h1')
  index.updateHost(host('h1', cordoned))
  expect(reason()).toBe('every host is cordoned')
})
