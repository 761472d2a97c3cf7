import { expect, it } from 'vitest'
import { clear, isTrusted, type Quarantine, setAside } from './router-quarantine.ts'
import type { LiveDyno } from './router-table.ts'

function dyno(quarantine: Quarantine | undefined, quarantinedUntil: number): LiveDyno {
  const counters = { requests: 0, upgraded: 0, left: false, lost: false }
  return { id: 'd', name: 'web.1', address: '10.0.0.1', port: 1, ...counters, quarantine, quarantinedUntil }
}

it.each<{ title: string; before: [Quarantine | undefined, number]; why: Quarantine; got: [Quarantine, number] }>([
  { title: 'a late dyno is suspected', before: [undefined, 0], why: 'suspected', got: ['suspected', 150] },
  { title: 'one that has failed stays set aside as it is', before: ['slow', 120], why: 'suspected', got: ['slow', 120] },
  { title: 'after its quarantine it is asked under suspicion', before: ['slow', 90], why: 'suspected', got: ['suspected', 150] },
  { title: 'a suspicion that proves true weighs more', before: ['suspected', 140], why: 'slow', got: ['slow', 150] },
])('$title', ({ before, why, got }) => {
  const target = dyno(...before)
  setAside(target, why, 100, 150)
  expect([target.quarantine, target.quarantinedUntil]).toEqual(got)
})

it('kept connections are not believed until a new one stands, however long ago the quarantine ended', () => {
  const target = dyno('suspected', 10)
  expect(isTrusted(target)).toBe(false)
  clear(target)
  expect(isTrusted(target)).toBe(true)
})
