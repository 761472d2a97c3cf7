// Containers of dynos that no row knows.
//
// A dyno's row is written before its container is made and deleted after it is
// gone, so a running one without a row says that the rows are the older ones:
// the database was restored from a backup, and this may be what answers users
// right now. It is not removed for want of a row. If it runs the current
// release it gets its row back; otherwise it is left alone until somebody has
// deployed after it was made. See docs/design/050-place.md.
import type { Step } from './plan-step.ts'
import { type AppWorld, isOneOff, type WorldContainer } from './world.ts'

/** Rows and containers are not read at one instant: what is younger may have a row by now. */
export const YOUNG_MS = 30_000
/** Engines tell a container's creation in whole seconds. */
const CREATED_PRECISION_MS = 1_000

export function unknownContainers({ containers, dynos }: Pick<AppWorld, 'containers' | 'dynos'>): WorldContainer[] {
  const known = new Set(dynos.map(({ id }) => id))
  return containers.filter(({ dynoId }) => !known.has(dynoId))
}

/** A row again for each that runs the current release: from there on it is a dyno like any other. */
export function planAdoptions(world: AppWorld): Step[] {
  const { current } = world
  if (!current) return []
  return unknownContainers(world).flatMap((container): Step[] => {
    const { type, number } = placeNamed(container)
    const { [type]: command } = current.processTypes
    const adoptable = container.state === 'running' && container.version === current.version && !isOutdated(world, container)
    if (!adoptable || isOneOff({ type }) || command === undefined) return []
    const size = world.formation.find((entry) => entry.type === type)?.size ?? 'Standard-1X'
    return [{ kind: 'adopt-dyno', dynoId: container.dynoId, releaseId: current.id, type, number, size, command }]
  })
}

/** Whether an unknown container may go: it does not run, or the rows are not the older ones. */
export function isStale(world: AppWorld, container: WorldContainer, nowMs: number): boolean {
  if (world.destroyed) return true
  if (container.state !== 'running') return nowMs >= container.createdAtMs + YOUNG_MS
  return isOutdated(world, container)
}

/** An unknown one does the work of this place. Of most types two at once do damage, so nobody is started beside it. */
export function isTakenByUnknown(world: AppWorld, type: string, number: number): boolean {
  return unknownContainers(world).some(({ name, state }) => state === 'running' && name === `${type}.${number}`)
}

function isOutdated({ current }: AppWorld, { createdAtMs }: WorldContainer): boolean {
  return current !== undefined && createdAtMs + CREATED_PRECISION_MS <= current.createdAtMs
}

function placeNamed({ name }: WorldContainer): { type: string; number: number } {
  const dot = name.lastIndexOf('.')
  return { type: name.slice(0, Math.max(0, dot)), number: Number(name.slice(dot + 1)) }
}
