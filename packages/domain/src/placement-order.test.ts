import fc from 'fast-check'
import { expect, it } from 'vitest'
import { host } from './placement.fixture.ts'
import { HostLoads } from './placement-loads.ts'
import { HostOrder } from './placement-order.ts'
import { compareBy } from './placement-pool.ts'

const promises = fc.array(fc.record({ memoryMiB: fc.nat(4096), cpuShares: fc.nat(8192), pids: fc.nat(8192) }), {
  minLength: 300,
  maxLength: 300,
})
const shuffles = fc.array(fc.nat(299), { minLength: 600, maxLength: 600 })

it.each(['spread', 'pack'] as const)('finds the first that has room (%s), while buckets fill, part and melt away', (strategy) => {
  const property = fc.property(promises, shuffles, (promised, turns) => {
    const loads = new HostLoads(promised.map((_, at) => host(`h${at}`)))
    const compare = compareBy(strategy, loads)
    const order = new HostOrder(loads, compare, [])
    const members = new Set<number>()
    for (const slot of new Set([...turns, ...promised.keys()])) {
      loads.promise(slot, promised[slot]!, 1)
      order.add(slot)
      members.add(slot)
    }
    for (const slot of new Set([...turns.toReversed(), ...promised.keys()])) {
      order.remove(slot)
      members.delete(slot)
      for (const one of members) expect(order.first(loads.free(one), (other) => other === one)).toBe(one)
      const wanted = loads.free(slot)
      const [best] = [...members].filter((one) => loads.fits(one, wanted)).sort(compare)
      expect(order.first(wanted, () => true)).toBe(best)
    }
  })
  fc.assert(property, { numRuns: 3, endOnFailure: true })
})
