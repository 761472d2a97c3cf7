// Bringing a pending release up: its release phase, then all its web dynos
// beside the old ones, then it succeeds. Oldest first; a newer one supersedes
// an older one that is not up soon.

import { withoutHosts } from './placement-public.ts'
import { wantedOf } from './plan-formation.ts'
import { leave } from './plan-leaving.ts'
import type { PlanLimits, Step } from './plan-step.ts'
import { type AppWorld, dynoName, isLive, type WorldDyno, type WorldRelease } from './world.ts'

/** An older pending release is given this long before a newer one takes its place. */
export const SUPERSEDE_MS = 10_000
/** A dyno of a new release waits this long for a host with room. */
export const PLACE_MS = 60_000

export function planPending(world: AppWorld, nowMs: number, limits: PlanLimits): Step[] {
  const [release, newer] = world.pending
  if (!release) return []
  const dynos = world.dynos.filter((dyno) => dyno.releaseId === release.id)
  const phase = dynos.find(({ type }) => type === 'release')
  // A release phase is often a database migration: it is never cut off halfway by a newer release.
  const inPhase = phase !== undefined && phase.state !== 'down'
  if (newer && !inPhase && nowMs - release.createdAtMs >= SUPERSEDE_MS) {
    return [fail(release, 'superseded', `Release v${release.version} was superseded by v${newer.version}`)]
  }
  if ('release' in release.processTypes && !release.phaseDone) return planPhase(world, release, phase, nowMs, limits)
  return planBoot(world, release, dynos, nowMs)
}

function planPhase(
  world: AppWorld,
  release: WorldRelease,
  phase: WorldDyno | undefined,
  nowMs: number,
  { releasePhaseTimeoutMs }: PlanLimits,
): Step[] {
  if (!phase) {
    const size = wantedOf(world, release, 'web').size || (world.formation[0]?.size ?? 'Standard-1X')
    const command = release.processTypes['release'] ?? null
    return [{ kind: 'add-dyno', releaseId: release.id, type: 'release', number: 1, size, command }]
  }
  if (phase.state === 'down') {
    if (phase.exitCode === 0) return [{ kind: 'finish-phase', releaseId: release.id }]
    const how = phase.reason ?? (phase.exitCode === null ? 'was lost' : `exited with status ${phase.exitCode}`)
    return [fail(release, 'release_failed', `The release process of v${release.version} ${how}`, phase)]
  }
  if (phase.state === 'up' && phase.busy === undefined && nowMs - phase.stateSinceMs >= releasePhaseTimeoutMs) {
    const limit = `did not end within ${releasePhaseTimeoutMs / 1000} s`
    return [fail(release, 'release_failed', `The release process of v${release.version} ${limit}`, phase)]
  }
  return []
}

function planBoot(world: AppWorld, release: WorldRelease, dynos: readonly WorldDyno[], nowMs: number): Step[] {
  const web = dynos.filter(({ type }) => type === 'web')
  const { quantity, size } = wantedOf(world, release, 'web')
  const stuck = web.find((dyno) => dyno.waiting && nowMs - dyno.createdAtMs >= PLACE_MS)
  if (stuck) {
    // Whoever owns the app reads this, and hosts are for admins to see.
    const how = withoutHosts(stuck.reason?.replace(/^waiting: /, '') ?? 'no host has room for it')
    return [fail(release, 'boot_failed', `${dynoName(stuck)} of v${release.version} found no place: ${how}`, stuck)]
  }
  const dead = web.find(({ state, number }) => state === 'crashed' && number <= quantity)
  if (dead) {
    const how = dead.reason ?? `exited with status ${dead.exitCode ?? 'unknown'}`
    return [fail(release, 'boot_failed', `${dynoName(dead)} of v${release.version} did not start: ${how}`, dead)]
  }
  const command = release.processTypes['web'] ?? null
  const numbers = Array.from({ length: quantity }, (_, index) => index + 1)
  const holders = numbers.map((number) => web.find((dyno) => dyno.number === number && isLive(dyno)))
  const extras = web.filter((dyno) => dyno.number > quantity)
  if (holders.every((holder) => holder?.state === 'up')) return [{ kind: 'succeed-release', releaseId: release.id }]
  return [
    ...numbers
      .filter((_, index) => !holders[index])
      .map((number): Step => ({ kind: 'add-dyno', releaseId: release.id, type: 'web', number, size, command })),
    ...extras.flatMap((dyno) => leave(world, dyno)),
  ]
}

function fail(
  release: WorldRelease,
  code: 'superseded' | 'release_failed' | 'boot_failed',
  reason: string,
  dyno?: WorldDyno,
): Step {
  return { kind: 'fail-release', releaseId: release.id, code, reason, dynoId: dyno?.id }
}
