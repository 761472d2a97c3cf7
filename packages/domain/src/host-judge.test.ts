import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { distrustMs, flapsInRow, type Heartbeats, JUDGE_LIMITS, judgeHost, MAX_DISTRUST_MS } from './host-judge.ts'

const well: Heartbeats = { engineAnsweredAgoMs: 300, enginePingsMissed: 0, portOpen: true, dynosTried: 2, dynosOpen: 2 }
const dead = { portOpen: false, dynosOpen: 0 }
const missed = (count: number) => ({ enginePingsMissed: count, engineAnsweredAgoMs: count * 1000 })
const refused = (count: number) => ({ ...missed(count), enginePingsRefused: count })
const workersOnly = { dynosTried: 0, dynosOpen: 0 }

type Case = [
  title: string,
  before: 'joining' | 'up' | 'sick' | 'lost',
  beats: Partial<Heartbeats>,
  condition: string,
  reason?: string,
]

it.each<Case>([
  ['is up while its engine answers', 'up', {}, 'up'],
  ['is up while its engine answers, even if no dyno does', 'up', dead, 'up'],
  ['comes up when its engine answers for the first time', 'joining', {}, 'up'],
  ['is up again as soon as its engine answers', 'sick', {}, 'up'],
  ['is up again after it was lost', 'lost', {}, 'up'],
  ['stays up after one missed ping', 'up', { ...missed(1), ...dead }, 'up'],
  ['stays up after one refused ping', 'up', { ...refused(1), ...dead }, 'up'],
  ['stays sick after one missed ping', 'sick', { ...missed(1), ...dead }, 'sick'],
  ['stays as it was before anything was heard', 'up', { engineAnsweredAgoMs: Infinity, ...dead }, 'up'],
  [
    'is sick when only its dynos answer',
    'up',
    missed(2),
    'sick',
    'its engine does not answer, but its web dynos take connections',
  ],
  ['stays sick for as long as its dynos answer', 'sick', missed(500), 'sick'],
  ['is sick while one of its dynos answers', 'up', { ...missed(9), dynosOpen: 1 }, 'sick'],
  ['is sick when its engine restarts and its dynos go on', 'up', { ...refused(9), portOpen: false }, 'sick'],
  ['is sick when it has no web dynos and its port is open', 'up', { ...missed(9), ...workersOnly }, 'sick'],
  ['takes no new dynos while it is about to be lost', 'up', { ...missed(2), ...dead }, 'sick', 'its engine does not answer'],
  ['is lost when nothing answers three times', 'up', { ...missed(3), ...dead }, 'lost'],
  ['is lost when it is refused twice', 'up', { ...refused(2), ...dead }, 'lost'],
  [
    'is lost when nothing answers and nobody looked at its port',
    'up',
    { ...missed(3), ...workersOnly, portOpen: undefined },
    'lost',
  ],
  [
    'is lost when its machine answers and its web dynos do not',
    ...(['up', { ...missed(3), dynosOpen: 0 }, 'lost'] as const),
    'its engine does not answer, and no web dyno on it takes connections',
  ],
  ['is lost when two pings took too long to be missed', 'up', { ...missed(2), engineAnsweredAgoMs: 4000, ...dead }, 'lost'],
  ['is not lost because nobody listened for a while', 'up', { ...missed(1), engineAnsweredAgoMs: 1e6, ...dead }, 'up'],
  ['stays lost until its engine answers', 'lost', missed(9), 'lost', 'its engine has not answered since it was lost'],
])('%s', (_, condition, beats, got, reason) => {
  const judged = judgeHost({ condition, sinceMs: 5 }, { ...well, ...beats }, 77)
  expect(judged.condition).toBe(got)
  expect(judged.sinceMs).toBe(got === condition ? 5 : 77)
  if (reason) expect(judged.reason).toBe(reason)
})

const anyBeats: fc.Arbitrary<Heartbeats> = fc
  .record({
    engineAnsweredAgoMs: fc.oneof(fc.nat(20_000), fc.constant(Infinity)),
    enginePingsMissed: fc.nat(6),
    enginePingsRefused: fc.nat(6),
    portOpen: fc.constantFrom(true, false, undefined),
    dynosTried: fc.nat(4),
    dynosOpen: fc.nat(4),
  })
  .map((beats) => ({
    ...beats,
    enginePingsRefused: Math.min(beats.enginePingsRefused, beats.enginePingsMissed),
    dynosOpen: Math.min(beats.dynosOpen, beats.dynosTried),
  }))
const anyBefore = fc.record({
  condition: fc.constantFrom('joining' as const, 'up' as const, 'sick' as const, 'lost' as const, 'failed' as const),
  sinceMs: fc.nat(),
})

describe('whatever is heard', () => {
  const judged = (check: (before: string, beats: Heartbeats, condition: string) => void) =>
    fc.assert(
      fc.property(anyBefore, anyBeats, (before, beats) => check(before.condition, beats, judgeHost(before, beats, 9).condition)),
    )

  it('a host that was not lost is not lost on a single miss', () =>
    judged((before, { enginePingsMissed }, condition) => {
      if (before !== 'lost' && enginePingsMissed < 2) expect(condition).not.toBe('lost')
    }))

  it('a host whose engine we restart ourselves is not lost by that, with or without web dynos', () =>
    judged((before, beats) => {
      if (before !== 'lost')
        expect(judgeHost({ condition: 'up', sinceMs: 0 }, { ...beats, restarting: true }, 9).condition).not.toBe('lost')
    }))

  it('an engine that answers is up', () =>
    judged((_, { enginePingsMissed, engineAnsweredAgoMs }, condition) => {
      if (enginePingsMissed === 0 && Number.isFinite(engineAnsweredAgoMs)) expect(condition).toBe('up')
    }))

  it('a host whose dynos serve is not given up', () =>
    judged((before, { dynosOpen }, condition) => {
      if (before !== 'lost' && dynosOpen > 0) expect(condition).not.toBe('lost')
    }))

  it('more silence never makes it better', () =>
    fc.assert(
      fc.property(anyBefore, anyBeats, (before, beats) => {
        const rank = (more: Partial<Heartbeats>) =>
          ['up', 'sick', 'lost'].indexOf(judgeHost(before, { ...beats, ...more }, 9).condition)
        const missed = beats.enginePingsMissed + 1
        if (beats.enginePingsMissed > 0) expect(rank({ enginePingsMissed: missed })).toBeGreaterThanOrEqual(rank({}))
        expect(rank({ dynosOpen: 0 })).toBeGreaterThanOrEqual(rank({}))
      }),
    ))
})

/** Pings are sent every second until the host falls silent; each ends after `pingMs`, or at once when it is refused. Looks every 250 ms. */
function lostAfterMs(silentFromMs: number, pingMs: number, look: Partial<Heartbeats>): number {
  let now = { condition: 'up' as 'up' | 'sick' | 'lost', sinceMs: 0 }
  for (let atMs = 0; atMs < silentFromMs + 20_000; atMs += 250) {
    const sent = Array.from({ length: Math.floor(atMs / 1000) + 1 }, (_, second) => second * 1000)
    const answered = sent.filter((sentMs) => sentMs < silentFromMs)
    const misses = sent.filter((sentMs) => sentMs >= silentFromMs && sentMs + pingMs <= atMs).length
    const beats = { ...look, enginePingsMissed: misses, engineAnsweredAgoMs: atMs - answered.at(-1)! }
    if (pingMs === 0) beats.enginePingsRefused = misses
    now = judgeHost(now, { ...well, ...beats }, atMs)
    if (now.condition === 'lost') return atMs - silentFromMs
  }
  return Infinity
}

it('is lost within 5 s of its last sign of life, whenever that was and however late pings end', () => {
  const looks = fc.constantFrom<Partial<Heartbeats>>(dead, { dynosOpen: 0 }, { ...workersOnly, portOpen: false })
  const property = fc.property(
    fc.integer({ min: 1, max: 5000 }),
    fc.integer({ min: 0, max: 2000 }),
    looks,
    (silentFrom, pingMs, look) => {
      expect(lostAfterMs(silentFrom, pingMs, look)).toBeLessThan(5_000)
    },
  )
  fc.assert(property)
  expect(lostAfterMs(500, 0, dead)).toBeLessThan(2_000)
  expect(lostAfterMs(500, 1000, {})).toBe(Infinity)
})

it('takes other limits', () => {
  const limits = { ...JUDGE_LIMITS, lostAfterMisses: 5, lostAfterMs: 60_000 }
  expect(judgeHost({ condition: 'up', sinceMs: 0 }, { ...well, ...dead, ...missed(4) }, 9, limits).condition).toBe('sick')
})

it.each([
  [0, 30_000],
  [1, 60_000],
  [4, 480_000],
  [5, MAX_DISTRUST_MS],
  [5_000, MAX_DISTRUST_MS],
])('distrusts a host that was lost %i times before for %i ms', (flaps, ms) => expect(distrustMs(flaps)).toBe(ms))

it('forgets losses of a host that then stayed up for long', () => {
  expect(flapsInRow(3, 60_000)).toBe(4)
  expect(flapsInRow(3, MAX_DISTRUST_MS + 1)).toBe(0)
})
