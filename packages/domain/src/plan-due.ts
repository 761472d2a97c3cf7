// When an app has to be looked at again although nothing happened: the next
// moment at which time alone changes the plan.
import { hasEnded, KEEP_EXITED_MS, KEEP_ONE_OFF_MS } from './plan-leaving.ts'
import { ATTACH_MS } from './plan-one-off.ts'
import { PLACE_MS, SUPERSEDE_MS } from './plan-release.ts'
import type { PlanLimits } from './plan-step.ts'
import { unknownContainers, YOUNG_MS } from './plan-unknown.ts'
import { type AppWorld, containerOf, isOneOff } from './world.ts'

/** Ms since the epoch; undefined when no time is awaited. Moments that have passed are left out: the plan has had them. */
export function nextDueMs(world: AppWorld, nowMs: number, limits: PlanLimits): number | undefined {
  const moments = world.dynos.flatMap((dyno) => [
    ...(dyno.state === 'crashed' ? [dyno.retryAtMs ?? 0] : []),
    ...(hasEnded(dyno) && containerOf(world, dyno.id) ? [dyno.stateSinceMs + KEEP_EXITED_MS] : []),
    ...(isOneOff(dyno) && dyno.state === 'down' ? [dyno.stateSinceMs + KEEP_ONE_OFF_MS] : []),
    ...(dyno.attach && dyno.state === 'starting' ? [dyno.createdAtMs + ATTACH_MS] : []),
    ...(dyno.waiting ? [dyno.createdAtMs + PLACE_MS] : []),
    ...(dyno.type === 'release' && dyno.state === 'up' ? [dyno.stateSinceMs + limits.releasePhaseTimeoutMs] : []),
  ])
  for (const { state, createdAtMs } of unknownContainers(world)) if (state !== 'running') moments.push(createdAtMs + YOUNG_MS)
  if (world.destroyed && world.eraseAfterMs !== undefined) moments.push(world.eraseAfterMs)
  if (world.pending.length > 1) moments.push(world.pending[0]!.createdAtMs + SUPERSEDE_MS)
  const next = Math.min(...moments.filter((moment) => moment > nowMs))
  return Number.isFinite(next) ? next : undefined
}
