import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fairLimit, nextCapacity } from './log-share.ts'

it.each([
  { title: 'holds nobody back while there is room', demands: [10, 20], capacity: 100, limit: Number.POSITIVE_INFINITY },
  { title: 'gives a flooding app what the quiet ones leave', demands: [10, 10_000], capacity: 100, limit: 90 },
  { title: 'shares evenly between two that flood', demands: [10, 900, 800], capacity: 110, limit: 50 },
  { title: 'has nothing to limit when nobody writes', demands: [], capacity: 100, limit: Number.POSITIVE_INFINITY },
])('$title', ({ demands, capacity, limit }) => {
  expect(fairLimit(demands, capacity)).toBe(limit)
})

it('never lets all together have more than the capacity', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000)), fc.integer({ min: 1, max: 1_000_000 }), (demands, capacity) => {
      const limit = fairLimit(demands, capacity)
      const served = demands.reduce((sum, demand) => sum + Math.min(demand, limit), 0)
      expect(served).toBeLessThanOrEqual(capacity * 1.000001)
    }),
  )
})

it('lowers the capacity of a busy loop within its bounds, and raises it again when there is ease', () => {
  const bounds = { least: 80, most: 100 }
  expect(nextCapacity(100, 0.9, bounds)).toBe(80)
  expect(nextCapacity(95, 0.7, bounds)).toBe(95)
  expect(nextCapacity(95, 0.1, bounds)).toBe(100)
})
