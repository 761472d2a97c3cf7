import fc from 'fast-check'
import { expect, it } from 'vitest'
import { host } from './placement.fixture.ts'
import { HostLoads } from './placement-loads.ts'
import { HostOrder } from './placement-order.ts'
import { compareBy } from './placement-pool.ts'

const resources = fc.record({ memoryMiB: fc.nat(4096), cpuShares: fc.nat(8192), pids: fc.nat(8192) })
const numbers = fc.array(fc.nat(), { minLength: 500, maxLength: 1500 })

it.each(['spread', 'pack'] as const)(
  'finds the first of all that have room (%s), while buckets fill, part and melt away',
  (strategy) => {
    const property = fc.property(fc.array(resources, { minLength: 20 }), numbers, (needs, turns) => {
      const loads = new HostLoads(Array.from({ length: 400 }, (_, at) => host(`h${at}`)))
      const compare = compareBy(strategy, loads)
      const order = new HostOrder(loads, compare, [])
      const members = new Set<number>()
      for (const [at, turn] of turns.entries()) {
        const slot = turn % 400
        // Most come in the first half and go in the second.
        if (members.delete(slot)) order.remove(slot)
        if (at % 4 === 0 ? at > turns.length / 2 : at < turns.length / 2) {
          if (loads.dynos[slot] === 0) loads.promise(slot, needs[turn % needs.length]!, 1)
          order.add(slot)
          members.add(slot)
        }
        if (at % 10 > 0) continue
        const wanted = needs[at % needs.length]!
        const accepts = (one: number) => one % 3 > 0
        const [best] = [...members].filter((one) => loads.fits(one, wanted) && accepts(one)).sort(compare)
        expect(order.first(wanted, accepts)).toBe(best)
      }
    })
    fc.assert(property, { numRuns: 20 })
  },
)
