// Dynos on their way out, and what is left of those that have ended.
import type { Step } from './plan-step.ts'
import { isStale } from './plan-unknown.ts'
import { type AppWorld, containerOf, isLeaving, isOneOff, type WorldDyno } from './world.ts'

/** An ended container is kept this long, for its last lines to be read. */
export const KEEP_EXITED_MS = 5_000
/** A one-off's row is kept this long, for its exit code to be asked for. */
export const KEEP_ONE_OFF_MS = 60 * 60_000

/** How this dyno leaves: a web dyno that serves is drained first; a crashed one has nothing to stop. What takes its host waits until the host answers. */
export function leave(world: AppWorld, dyno: WorldDyno): Step[] {
  if (dyno.state === 'up' && dyno.type === 'web') return [{ kind: 'drain-dyno', dynoId: dyno.id }]
  if (dyno.reach !== 'seen') return []
  if (dyno.state === 'crashed') return [{ kind: 'end-dyno', dynoId: dyno.id, containerId: containerOf(world, dyno.id)?.id }]
  if (dyno.state === 'up' || dyno.state === 'starting') {
    return dyno.busy === 'stop' ? [] : [{ kind: 'stop-dyno', dynoId: dyno.id }]
  }
  return []
}

/** Goes on with what was begun, also by a scheduler that is no more. */
export function planStopping(world: AppWorld): Step[] {
  return world.dynos
    .filter((dyno) => isLeaving(dyno) && dyno.busy !== 'stop' && dyno.reach === 'seen')
    .map((dyno): Step => {
      const container = containerOf(world, dyno.id)
      if (container?.state === 'running') return { kind: 'stop-dyno', dynoId: dyno.id }
      return { kind: 'end-dyno', dynoId: dyno.id, containerId: container?.id }
    })
}

/** Containers and rows whose time is over. */
export function planEnded(world: AppWorld, nowMs: number): Step[] {
  const rows = new Map(world.dynos.map((dyno) => [dyno.id, dyno]))
  const containers = world.containers
    .filter((container) => {
      const dyno = rows.get(container.dynoId)
      if (!dyno) return isStale(world, container, nowMs)
      if (dyno.busy || !hasEnded(dyno)) return false
      return container.state === 'running' || world.destroyed || nowMs >= dyno.stateSinceMs + KEEP_EXITED_MS
    })
    .map(({ id }): Step => ({ kind: 'remove-container', containerId: id }))
  const deletes = world.dynos
    .filter(
      (dyno) =>
        dyno.state === 'down' && dyno.reach === 'seen' && !dyno.busy && !containerOf(world, dyno.id) && !isHeld(world, dyno),
    )
    .filter((dyno) => world.destroyed || !isOneOff(dyno) || nowMs >= dyno.stateSinceMs + KEEP_ONE_OFF_MS)
    .map(({ id }): Step => ({ kind: 'delete-dyno', dynoId: id }))
  return [...containers, ...deletes]
}

/** Stopped on purpose: its place stays empty until a restart, a scale or a new release. */
export function isHeld(world: AppWorld, dyno: WorldDyno): boolean {
  const wanted = world.formation.find(({ type }) => type === dyno.type)?.quantity ?? 0
  return dyno.wish === 'stop' && !isOneOff(dyno) && dyno.releaseId === world.current?.id && dyno.number <= wanted
}

/** Nothing of it runs. */
export function hasEnded({ state }: WorldDyno): boolean {
  return state === 'down' || state === 'crashed'
}
