// One-off dynos: they run once and are not replaced. An attached one belongs
// to its client's session: it starts with it and does not outlive it.
import { leave } from './plan-leaving.ts'
import type { Step } from './plan-step.ts'
import { type AppWorld, containerOf, isLive, isOneOff, type WorldDyno } from './world.ts'

/** How long an attached dyno waits for its client (Heroku's R13). */
export const ATTACH_MS = 60_000

export function planOneOffs(world: AppWorld, nowMs: number): Step[] {
  const wanted = new Set([world.current?.id, world.pending[0]?.id])
  return world.dynos
    .filter((dyno) => isOneOff(dyno) && isLive(dyno))
    .flatMap((dyno) => {
      // The engine refused to start it: nobody tries again, and who waits for its end is told.
      if (dyno.state === 'crashed') return leave(world, dyno)
      // A release process whose release has failed meanwhile (its time was up) is not waited for.
      if (dyno.wish || (dyno.type === 'release' && !wanted.has(dyno.releaseId))) return stop(world, dyno)
      return dyno.attach ? planAttached(world, dyno, nowMs) : planDetached(world, dyno)
    })
}

function planDetached(world: AppWorld, dyno: WorldDyno): Step[] {
  if (dyno.reach !== 'seen' || dyno.waiting) return []
  const container = containerOf(world, dyno.id)
  if (container?.state === 'exited') return [{ kind: 'end-dyno', dynoId: dyno.id, containerId: container.id }]
  if (dyno.state === 'starting') return [{ kind: 'start-dyno', dynoId: dyno.id }]
  return container ? [] : [{ kind: 'end-dyno', dynoId: dyno.id, containerId: undefined, reason: 'was lost' }]
}

function planAttached(world: AppWorld, dyno: WorldDyno, nowMs: number): Step[] {
  if (dyno.busy === 'session') return []
  if (containerOf(world, dyno.id) || dyno.state === 'up') return stop(world, dyno) // its session died with a scheduler
  if (nowMs - dyno.createdAtMs < ATTACH_MS) return []
  return [{ kind: 'end-dyno', dynoId: dyno.id, containerId: undefined, reason: 'R13 attach failed' }]
}

function stop(world: AppWorld, dyno: WorldDyno): Step[] {
  const container = containerOf(world, dyno.id)
  if (container && container.state !== 'exited') return leave(world, dyno)
  return [{ kind: 'end-dyno', dynoId: dyno.id, containerId: container?.id }]
}
