// What a plan must hold, counted anew from hosts and dynos alone.
import type { PlacedDyno, PlacementHost } from '@paas/domain/placement'
import type { UnplacedDyno } from '@paas/domain/placement-all'

export interface Faults {
  /** Dynos without a host, or on one without their labels. */
  misplaced: number
  /** Hosts that promise more than they have. */
  overfull: number
  /** Process types with two dynos more on one host than on another that would take them. */
  uneven: number
  /** The same for zones, where each dyno has a host of its own. */
  unevenZones: number
}

/** `hostOf` as decided, by dyno id; evenness is asked only of types to be spread. */
export function checkPlan(
  hosts: readonly PlacementHost[],
  dynos: readonly UnplacedDyno[],
  hostOf: ReadonlyMap<string, string>,
): Faults {
  const byId = new Map(hosts.map((host) => [host.id, host]))
  const misplaced = dynos.filter(({ id, on }) => {
    const host = byId.get(hostOf.get(id) ?? '')
    return !host || Object.entries(on).some(([key, value]) => host.labels[key] !== value)
  })
  const overfull = [...Map.groupBy(dynos, ({ id }) => hostOf.get(id) ?? '')].filter(([hostId, on]) => {
    const capacity = byId.get(hostId)?.capacity
    return (
      capacity &&
      (['memoryMiB', 'cpuShares', 'pids'] as const).some((name) => sum(on.map((dyno) => dyno.needs[name])) > capacity[name])
    )
  })
  const types = [...Map.groupBy(dynos, ({ appId, type }) => `${appId} ${type}`).values()].filter(
    ([dyno]) => dyno?.strategy === 'spread',
  )
  const places = types.map((type) => {
    const [key, value] = Object.entries(type[0]!.on)[0] ?? []
    return {
      type,
      usable: hosts.filter(({ labels }) => !key || labels[key] === value),
      on: type.map(({ id }) => hostOf.get(id) ?? ''),
    }
  })
  const uneven = places.filter(
    ({ usable, on }) =>
      unevenness(
        usable.map(({ id }) => id),
        on,
      ) > 1,
  )
  const inZones = places.filter(({ type, usable, on }) => {
    if (type.length > usable.length) return false
    return (
      unevenness(
        [...new Set(usable.map(({ zone }) => zone))],
        on.map((id) => byId.get(id)?.zone ?? ''),
      ) > 1
    )
  })
  return { misplaced: misplaced.length, overfull: overfull.length, uneven: uneven.length, unevenZones: inZones.length }
}

/** How many more dynos the place with most has than the one with fewest. */
function unevenness(places: readonly string[], on: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const place of on) counts.set(place, (counts.get(place) ?? 0) + 1)
  const fewest = counts.size < places.length ? 0 : Math.min(...counts.values())
  return Math.max(0, ...counts.values()) - fewest
}

export function hostsUsed(dynos: readonly PlacedDyno[]): number {
  return new Set(dynos.map(({ hostId }) => hostId)).size
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}
