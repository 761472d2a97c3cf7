import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Reporter } from './reporter.ts'

const heard: { at: number; line: string }[] = []
let reporter: Reporter
beforeEach(() => {
  vi.useFakeTimers()
  heard.length = 0
  const startedAt = performance.now()
  reporter = new Reporter(async (line) => void heard.push({ at: performance.now() - startedAt, line }))
})
afterEach(() => {
  reporter.close()
  vi.useRealTimers()
})

it('breaks every silence within 25 s, and says what is waited for and since when', () => {
  reporter.doing('building')
  vi.advanceTimersByTime(65_000)
  expect(heard.map(({ line }) => line)).toEqual([
    '       still building, 20 s',
    '       still building, 40 s',
    '       still building, 60 s',
  ])
  const gaps = heard.map(({ at }, index) => at - (heard[index - 1]?.at ?? 0))
  expect(Math.max(...gaps)).toBeLessThan(25_000)
})

it('is quiet while there is something to hear', async () => {
  for (let i = 0; i < 10; i += 1) {
    vi.advanceTimersByTime(15_000)
    await reporter.say('a line')
  }
  expect(heard.map(({ line }) => line)).toEqual(Array(10).fill('a line'))
})

it('counts from the moment the phase changed', () => {
  vi.advanceTimersByTime(15_000)
  reporter.doing('launching v4')
  vi.advanceTimersByTime(6_000)
  expect(heard.map(({ line }) => line)).toEqual(['       still launching v4, 5 s'])
})
