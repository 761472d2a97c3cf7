import { expect, it } from 'vitest'
import { checkClock, checkDisk, checkEngine, clockSkewMs, type EngineFacts } from './host-check.ts'

const local = { arch: 'x86_64' }
const good: EngineFacts = {
  ...{ version: '20.10.24', os: 'linux', arch: 'x86_64', memoryMiB: 4096, cpus: 2, containerdStore: false },
  ...{ clockMs: 1_000_500, askedMs: 1_000_000, answeredMs: 1_001_000 },
}

it('takes a machine like our own', () => {
  expect(() => checkEngine(good, local)).not.toThrow()
  expect(() => checkClock(good)).not.toThrow()
})

it.each<[string, Partial<EngineFacts>, string]>([
  ['Windows containers', { os: 'windows' }, 'runs windows containers'],
  ['another kind of CPU', { arch: 'aarch64' }, 'a aarch64 machine, and the images of this platform are for x86_64'],
  ["containerd's image store", { containerdStore: true }, "containerd's store"],
  ['too little memory', { memoryMiB: 256 }, '256 MB of memory'],
])('refuses %s', (_what, facts, message) => {
  expect(() => checkEngine({ ...good, ...facts }, local)).toThrow(
    expect.objectContaining({ code: 'host_refused', message: expect.stringContaining(message) }),
  )
})

it('tells by how much a clock is off, and does not blame it for a slow answer', () => {
  expect(clockSkewMs({ clockMs: 5_000, askedMs: 1_000, answeredMs: 9_000 })).toBe(0)
  expect(clockSkewMs({ clockMs: 500, askedMs: 1_000, answeredMs: 9_000 })).toBe(-500)
  expect(() => checkClock({ ...good, clockMs: good.answeredMs + 3_725_000 })).toThrow("1 h 2 min ahead of this machine's")
  expect(() => checkClock({ ...good, clockMs: good.askedMs - 45_000 })).toThrow("45 s behind this machine's")
  expect(() => checkClock({ ...good, clockMs: good.answeredMs + 29_000 })).not.toThrow()
})

it('refuses a disk that is nearly full', () => {
  expect(() => checkDisk({ freeBytes: 100e6 })).toThrow('100 MB free')
  expect(() => checkDisk({ freeBytes: 5e9 })).not.toThrow()
})
