// Hosts and dynos as placement sees them, read from the rows of this moment:
// what the api refuses, explains or plans comes from the same decisions as the
// scheduler's.
import { DEFAULT_DYNO_SIZE, findDynoSize } from '@paas/domain/dyno-size'
import type { HostResources } from '@paas/domain/host'
import { placementHostsOf } from '@paas/domain/host-capacity'
import { type PeerGroup, type PlacedDyno, type PlacementHost, PlacementIndex } from '@paas/domain/placement'
import type { RebalanceWish } from '@paas/domain/placement-rebalance'
import { type HostView, listHostViews } from '@paas/store/hosts-api'
import { listPlaced, listPlaceWishes } from '@paas/store/placements'
import type { Store } from '@paas/store/store'

export interface Fleet {
  views: HostView[]
  hosts: PlacementHost[]
  dynos: PlacedDyno[]
  index: PlacementIndex
  wishOf(group: PeerGroup): RebalanceWish
}

const ANYWHERE: RebalanceWish = { on: {}, strategy: 'spread' }

export async function readFleet(store: Store, memoryOvercommit: number, now = new Date()): Promise<Fleet> {
  const [views, placed, wishes] = await Promise.all([listHostViews(store), listPlaced(store), listPlaceWishes(store)])
  const options = { alone: views.length <= 1, memoryOvercommit, nowMs: now.getTime() }
  const byType = new Map(wishes.map((wish) => [`${wish.appId} ${wish.type}`, wish]))
  const hosts = placementHostsOf(views, options)
  const dynos = placed.map(({ id, appId, type, size, hostId }) => ({ id, appId, type, hostId, needs: needsOf(size) }))
  return {
    ...{ views, hosts, dynos, index: new PlacementIndex(hosts, dynos) },
    wishOf: ({ appId, type }) => byType.get(`${appId} ${type}`) ?? ANYWHERE,
  }
}

/** What a dyno of this size is promised. */
export function needsOf(size: string): HostResources {
  const { memoryMiB, cpuShares, pids } = (findDynoSize(size) ?? findDynoSize(DEFAULT_DYNO_SIZE))!
  return { memoryMiB, cpuShares, pids }
}
