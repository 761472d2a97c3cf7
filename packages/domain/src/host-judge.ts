// Is a host up, sick or lost: decided from what was heard of it, by several
// ways, so that a hung engine is not taken for a dead machine nor one lost
// packet for anything.
//
// Pings go out every second and each has a second to be answered: a host that
// falls silent right after an answer has missed three within four seconds, and
// is lost before five have passed.
import type { HostCondition } from './host.ts'

export interface Heartbeats {
  /** Since the engine last answered a ping; Infinity: never as long as anybody has been listening. */
  engineAnsweredAgoMs: number
  /** In a row. 0 also when none has ended yet. */
  enginePingsMissed: number
  /** Of those, how many at the end were refused: nobody listens there, which is said at once and is no accident of the network. */
  enginePingsRefused?: number
  /** Its port took a connection in the last look; undefined: not looked at. For the machine we run on ourselves: true. */
  portOpen: boolean | undefined
  /** Web dynos on it that were tried in the last look. */
  dynosTried: number
  /** Of those, how many took a connection. */
  dynosOpen: number
  /** We are restarting its engine ourselves: its silence is no sign of anything. */
  restarting?: boolean
}

export interface JudgeLimits {
  sickAfterMisses: number
  lostAfterMisses: number
  lostAfterRefusals: number
  /** Two misses are enough when this much time has passed: pings that are late in ending must not delay the verdict. */
  lostAfterMs: number
}

export const JUDGE_LIMITS: JudgeLimits = { sickAfterMisses: 2, lostAfterMisses: 3, lostAfterRefusals: 2, lostAfterMs: 4_000 }

export interface HostJudgement {
  condition: 'up' | 'sick' | 'lost'
  /** For people. Does not change while nothing else does. */
  reason: string
  /** Since when it is in this condition. */
  sinceMs: number
}

/**
 * A lost host stays lost until its engine answers: its dynos have been replaced, and only an engine can stop them.
 * On a single miss everything stays as it was.
 */
export function judgeHost(
  before: { condition: HostCondition; sinceMs: number },
  beats: Heartbeats,
  nowMs: number,
  limits: JudgeLimits = JUDGE_LIMITS,
): HostJudgement {
  const verdict = judge(before.condition, beats, limits)
  return { ...verdict, sinceMs: verdict.condition === before.condition ? before.sinceMs : nowMs }
}

type Verdict = Omit<HostJudgement, 'sinceMs'>

function judge(before: HostCondition, beats: Heartbeats, limits: JudgeLimits): Verdict {
  const { engineAnsweredAgoMs, enginePingsMissed: missed } = beats
  if (missed === 0 && Number.isFinite(engineAnsweredAgoMs)) return { condition: 'up', reason: 'its engine answers' }
  if (before === 'lost') return { condition: 'lost', reason: 'its engine has not answered since it was lost' }
  if (missed < Math.max(2, limits.sickAfterMisses)) {
    if (before === 'up') return { condition: 'up', reason: 'its engine answered a moment ago' }
    return { condition: 'sick', reason: 'its engine has not answered yet' }
  }
  if (beats.restarting) return { condition: 'sick', reason: 'its engine is being restarted with a new certificate' }
  const engine = isRefused(beats) ? 'its engine refuses connections' : 'its engine does not answer'
  const others = lifeBesideEngine(beats)
  if (others) return { condition: 'sick', reason: `${engine}, but ${others}` }
  if (isOverdue(beats, limits)) return { condition: 'lost', reason: `${engine}, and ${silenceOf(beats)}` }
  return { condition: 'sick', reason: engine }
}

/** What else shows that what runs on it goes on. An open port says little where web dynos do not take connections. */
function lifeBesideEngine({ portOpen, dynosTried, dynosOpen }: Heartbeats): string | undefined {
  if (dynosOpen > 0) return dynosOpen === dynosTried ? 'its web dynos take connections' : 'some of its web dynos take connections'
  return dynosTried === 0 && portOpen ? 'its port takes connections' : undefined
}

function isRefused({ enginePingsRefused = 0 }: Heartbeats): boolean {
  return enginePingsRefused > 0
}

function isOverdue(beats: Heartbeats, limits: JudgeLimits): boolean {
  const { enginePingsMissed, enginePingsRefused = 0, engineAnsweredAgoMs } = beats
  return (
    enginePingsMissed >= limits.lostAfterMisses ||
    enginePingsRefused >= limits.lostAfterRefusals ||
    (Number.isFinite(engineAnsweredAgoMs) && engineAnsweredAgoMs >= limits.lostAfterMs)
  )
}

function silenceOf({ portOpen, dynosTried }: Heartbeats): string {
  if (dynosTried > 0) return portOpen ? 'no web dyno on it takes connections' : 'neither does anything else on it'
  return 'there is no other sign of it'
}

const FIRST_DISTRUST_MS = 30_000
export const MAX_DISTRUST_MS = 10 * 60_000

/** For how long a host that is back is given no dynos: 30 s, doubled with each time it was lost before (`flaps`), at most 10 min. */
export function distrustMs(flaps: number): number {
  return Math.min(MAX_DISTRUST_MS, FIRST_DISTRUST_MS * 2 ** Math.min(Math.max(flaps, 0), 20))
}

/** How often it was lost before, now that it is lost again: one that stayed up longer than any distrust starts anew. */
export function flapsInRow(flaps: number, wasUpMs: number): number {
  return wasUpMs > MAX_DISTRUST_MS ? 0 : flaps + 1
}
