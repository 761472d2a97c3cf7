import { expect, it } from 'vitest'
import { accepted, answered, isTrusted, type Quarantine, setAside, suspect } from './router-quarantine.ts'
import type { LiveDyno } from './router-table.ts'

function dyno(quarantine: Quarantine | undefined, quarantinedUntil: number): LiveDyno {
  const counters = { requests: 0, upgraded: 0, left: false, lost: false, heardAt: 0 }
  return { id: 'd', name: 'web.1', address: '10.0.0.1', port: 1, ...counters, quarantine, quarantinedUntil }
}

const known = ({ quarantine, quarantinedUntil }: LiveDyno) => [quarantine, quarantinedUntil]

it.each<{ title: string; before: [Quarantine | undefined, number]; heardAt?: number; got: [Quarantine | undefined, number] }>([
  { title: 'a late dyno is suspected', before: [undefined, 0], got: ['suspected', 150] },
  { title: 'however long it has been silent before', before: [undefined, 0], heardAt: 79, got: ['suspected', 150] },
  { title: 'one that was heard since has only much to do', before: [undefined, 0], heardAt: 80, got: [undefined, 0] },
  { title: 'one that has failed stays set aside as it is', before: ['slow', 120], got: ['slow', 120] },
  { title: 'after its quarantine it is under suspicion', before: ['slow', 90], got: ['suspected', 150] },
])('$title', ({ before, heardAt = 0, got }) => {
  const target = Object.assign(dyno(...before), { heardAt })
  suspect(target, 80, 100, 150)
  expect(known(target)).toEqual(got)
})

it('a suspicion that proves true weighs more, and an answer under way does not take it back', () => {
  const target = dyno('suspected', 140)
  setAside(target, 'slow', 150)
  answered(target, 110)
  expect(known(target)).toEqual(['slow', 150])
})

it('a mere suspicion ends with the next answer', () => {
  const target = dyno('suspected', 140)
  answered(target, 110)
  expect(known(target)).toEqual([undefined, 0])
})

it('kept connections are not believed until a new one stands, however long ago the quarantine ended', () => {
  const target = dyno('refused', 10)
  answered(target, 110)
  expect(isTrusted(target)).toBe(false)
  accepted(target, 120)
  expect(isTrusted(target)).toBe(true)
})
