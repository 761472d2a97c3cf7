// What to do next for one app: wanted against running, as a list of steps.
//
// Pure, and asked again after every change, so it never looks further than the
// next steps. What must hold whatever happens in between: the last serving web
// dyno stays until its successor is up, and a release that is not up never
// takes over. See docs/design/050-place.md.
import { planFormationTypes } from './plan-formation.ts'
import { planEnded, planStopping } from './plan-leaving.ts'
import { planOneOffs } from './plan-one-off.ts'
import { planPending } from './plan-release.ts'
import type { PlanLimits, Step } from './plan-step.ts'
import { planAdoptions } from './plan-unknown.ts'
import { type AppWorld, containerOf, isOneOff } from './world.ts'

export type { PlanLimits, Step } from './plan-step.ts'

/** Steps in the order they should be tried; none when the app is as wanted or somebody is at work on what is missing. */
export function planApp(world: AppWorld, nowMs: number, limits: PlanLimits): Step[] {
  if (world.destroyed) return planDestroyed(world, nowMs)
  const untrue = [...planHostLost(world), ...planLost(world), ...planAdoptions(world)]
  if (untrue.length > 0) return untrue // rows must say what is true before more is decided from them
  return onePerDyno([
    ...planPending(world, nowMs, limits),
    ...planFormationTypes(world, nowMs),
    ...planStarts(world),
    ...planOneOffs(world, nowMs),
    ...planStopping(world),
    ...planEnded(world, nowMs),
  ])
}

/** Steps of one plan are done together, so two for one dyno would race: the first one counts, such as stopping before starting. */
function onePerDyno(steps: readonly Step[]): Step[] {
  const seen = new Set<string>()
  return steps.filter((step) => {
    if (!('dynoId' in step) || step.dynoId === undefined || step.kind === 'fail-release') return true
    if (seen.has(step.dynoId)) return false
    seen.add(step.dynoId)
    return true
  })
}

/** Dynos of the formation that should run and do not. */
function planLost(world: AppWorld): Step[] {
  return world.dynos
    .filter((dyno) => !isOneOff(dyno) && dyno.reach === 'seen' && (dyno.state === 'starting' || dyno.state === 'up'))
    .flatMap((dyno): Step[] => {
      const container = containerOf(world, dyno.id)
      const lost = container ? container.state === 'exited' : dyno.state === 'up'
      return lost ? [{ kind: 'crash-dyno', dynoId: dyno.id, containerId: container?.id }] : []
    })
}

/** What ran on a host that is given up. Others take its place; should the host come back, it is stopped there. */
function planHostLost(world: AppWorld): Step[] {
  return world.dynos
    .filter((dyno) => dyno.reach === 'lost' && (dyno.state === 'starting' || dyno.state === 'up'))
    .map((dyno): Step => ({ kind: 'lose-dyno', dynoId: dyno.id }))
}

/** Rows that were added and whose container was not started, or whose boot nobody watches: a scheduler was killed in between. */
function planStarts(world: AppWorld): Step[] {
  return world.dynos
    .filter(
      (dyno) => !isOneOff(dyno) && dyno.state === 'starting' && dyno.busy === undefined && dyno.reach === 'seen' && !dyno.waiting,
    )
    .map((dyno): Step => {
      const running = containerOf(world, dyno.id)?.state === 'running'
      return { kind: running ? 'watch-boot' : 'start-dyno', dynoId: dyno.id }
    })
}

/** No draining: nobody waits for the answers of an app that its owner has destroyed. */
function planDestroyed(world: AppWorld, nowMs: number): Step[] {
  const stops = world.dynos
    .filter(({ state, busy, reach }) => (state === 'up' || state === 'starting') && busy !== 'stop' && reach === 'seen')
    .map(({ id }): Step => ({ kind: 'stop-dyno', dynoId: id }))
  const ends = world.dynos
    .filter(({ state, reach }) => state === 'crashed' && reach === 'seen')
    .map(({ id }): Step => ({ kind: 'end-dyno', dynoId: id, containerId: containerOf(world, id)?.id }))
  if (world.dynos.length === 0 && world.containers.length === 0)
    return nowMs >= (world.eraseAfterMs ?? 0) ? [{ kind: 'erase-app' }] : []
  return [...stops, ...ends, ...planStopping(world), ...planEnded(world, nowMs)]
}
