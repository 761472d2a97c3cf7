import { expect, it } from 'vitest'
import { cpuTicks, usedCpus, usedMemoryMiB } from './host-usage.ts'

const STAT = `cpu  100 0 50 800 50 0 0 0 0 0
cpu0 50 0 25 400 25 0 0 0 0 0
intr 1 2 3
`

it('counts as used what is not available', () => {
  expect(usedMemoryMiB('MemTotal:  4096000 kB\nMemFree: 1000 kB\nMemAvailable:  1024000 kB\n')).toBe(3000)
})

it.each(['', 'MemTotal: 12 kB\n', 'Mem: many'])('knows no memory from %j', (text) => {
  expect(usedMemoryMiB(text)).toBeUndefined()
})

it('reads busy and all ticks of all cores', () => {
  expect(cpuTicks(STAT)).toEqual({ busy: 150, all: 1000 })
})

it.each(['', 'cpu  1 2', 'cpu  a b c d e'])('knows no ticks from %j', (text) => {
  expect(cpuTicks(text)).toBeUndefined()
})

it('gives cores of the time that passed', () => {
  expect(usedCpus({ busy: 100, all: 1000 }, { busy: 400, all: 2000 }, 4)).toBeCloseTo(1.2)
})

it.each([
  { title: 'no time has passed', after: { busy: 100, all: 1000 } },
  { title: 'the machine was started anew', after: { busy: 5, all: 50 } },
  { title: 'a counter went back', after: { busy: 90, all: 1100 } },
])('says nothing when $title', ({ after }) => {
  expect(usedCpus({ busy: 100, all: 1000 }, after, 2)).toBeUndefined()
})
