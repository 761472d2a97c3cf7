import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { HostCondition } from './host.ts'
import { PlacementIndex } from './placement.ts'
import { withoutHosts } from './placement-public.ts'
import type { PlacementHost } from './placement-request.ts'

it.each([
  ['waiting: no host has 512 MB free (largest free: 300 MB on h2)', 'waiting: no host has 512 MB free (largest free: 300 MB)'],
  [
    'no host has 512 MB free (largest free: 300 MB on h2); h3 has room but is cordoned',
    'no host has 512 MB free (largest free: 300 MB)',
  ],
  [
    'no host with the label disk=ssd has 1 MB free (largest free: 0 MB on a-1) nor 9 processes free (largest free: 2 processes on b)',
    'no host with the label disk=ssd has 1 MB free (largest free: 0 MB) nor 9 processes free (largest free: 2 processes)',
  ],
  ['no host is up: h1 and h2 are lost', 'no host is up'],
  ['every host is cordoned', 'every host is cordoned'],
  ['R10 boot timeout', 'R10 boot timeout'],
])('%s', (said, shown) => {
  expect(withoutHosts(said)).toBe(shown)
})

it('leaves no name of a host in any reason', () => {
  const host = fc.record({
    condition: fc.constantFrom<HostCondition>('up', 'lost', 'sick', 'joining'),
    cordoned: fc.boolean(),
    distrusted: fc.boolean(),
    diskFull: fc.boolean(),
    free: fc.integer({ min: 0, max: 600 }),
    label: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(host, { minLength: 1, maxLength: 6 }), fc.boolean(), (facts, asks) => {
      const hosts = facts.map(
        ({ free, label, ...rest }, at): PlacementHost => ({
          ...{ id: `id-${at}`, name: `secret-${at}`, zone: '', labels: label ? { disk: 'ssd' } : {}, ...rest },
          capacity: { memoryMiB: free, cpuShares: 1000, pids: 300 - free / 10 },
        }),
      )
      const placement = new PlacementIndex(hosts, []).place({
        ...{ appId: 'a', type: 'web', needs: { memoryMiB: 512, cpuShares: 1, pids: 256 }, strategy: 'spread' },
        on: asks ? { disk: 'ssd' } : {},
      })
      if (placement.kind === 'waiting') expect(withoutHosts(`waiting: ${placement.reason}`)).not.toContain('secret')
    }),
  )
})
