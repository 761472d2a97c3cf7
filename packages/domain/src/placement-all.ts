// Many dynos at once: those of a lost host, or of a fleet that starts anew.
import type { PlacementIndex } from './placement.ts'
import type { BriefPlacement, PlacementRequest } from './placement-request.ts'

export interface UnplacedDyno extends PlacementRequest {
  id: string
}

/**
 * Gives each a host and adds it to the index. The largest choose first: what is left over between large dynos
 * holds small ones, never the other way round. Of equals the one given first. Answers come in the order given.
 */
export function placeAll(index: PlacementIndex, dynos: readonly UnplacedDyno[]): BriefPlacement[] {
  const answers = new Array<BriefPlacement>(dynos.length)
  const largestFirst = [...dynos.keys()].sort((a, b) => compareNeeds(dynos[b]!, dynos[a]!) || a - b)
  for (const at of largestFirst) {
    const dyno = dynos[at]!
    const placement = index.placeBriefly(dyno)
    answers[at] = placement
    if (placement.kind === 'waiting') continue
    const { id, appId, type, release, needs } = dyno
    index.add({ id, appId, type, release, needs, hostId: placement.hostId })
    if (dyno.image !== undefined) index.imageOn(placement.hostId, dyno.image)
  }
  return answers
}

function compareNeeds({ needs: a }: UnplacedDyno, { needs: b }: UnplacedDyno): number {
  return a.memoryMiB - b.memoryMiB || a.cpuShares - b.cpuShares || a.pids - b.pids
}
