// Whether a host's dynos have somewhere to go, before they are asked to leave.
import { PlacementIndex } from './placement.ts'
import { placeAll, type UnplacedDyno } from './placement-all.ts'
import { isInService } from './placement-filter.ts'
import type { RebalanceWish } from './placement-rebalance.ts'
import type { PlacedDyno, PlacementHost } from './placement-request.ts'
import { isOneOff } from './world.ts'

export interface Homeless {
  dynoId: string
  /** For people: `no other host has 512 MB free (…)`. */
  reason: string
}

/** Dynos of this host that no other has room for when all of them move. One-off dynos do not move: they end where they are. */
export function findHomeless(
  {
    hosts,
    dynos,
    wishOf,
  }: { hosts: readonly PlacementHost[]; dynos: readonly PlacedDyno[]; wishOf: (dyno: PlacedDyno) => RebalanceWish },
  hostId: string,
): Homeless[] {
  const leaving = dynos
    .filter((dyno) => dyno.hostId === hostId && !isOneOff(dyno))
    .map((dyno): UnplacedDyno => ({ ...dyno, ...wishOf(dyno), not: [hostId] }))
  const answers = placeAll(new PlacementIndex(hosts, dynos), leaving)
  return answers.flatMap((answer, at) => (answer.kind === 'waiting' ? [{ dynoId: leaving[at]!.id, reason: answer.reason }] : []))
}

/** Whether any host but this takes new dynos. */
export function hasOtherHost(hosts: readonly PlacementHost[], hostId: string): boolean {
  return hosts.some((host) => host.id !== hostId && isInService(host))
}
