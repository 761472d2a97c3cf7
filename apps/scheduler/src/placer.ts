// Finds a dyno a host. The decision is PlacementIndex's; this keeps its picture
// of hosts and dynos near the rows: read anew at every resync, and told of
// every dyno that is placed in between.
import type { HostResources } from '@paas/domain/host'
import { placementHostsOf } from '@paas/domain/host-capacity'
import { type Placement, PlacementIndex, type PlacementRequest } from '@paas/domain/placement'
import { listPlaced, readPlaceWish } from '@paas/store/placements'
import type { Store } from '@paas/store/store'
import { sizeOf } from './dyno-spec.ts'
import type { Fleet } from './fleet.ts'

/** Of more images it is not known where they are: then they count as nowhere, which costs a preference only. */
const IMAGES_MOST = 1_000

export interface PlaceOrder {
  appId: string
  type: string
  /** Id of its release: dynos of the one before will leave. */
  releaseId: string
  size: string
  image?: string
  not?: readonly string[]
}

export class Placer {
  readonly #deps: { store: Store; fleet: Fleet; memoryOvercommit: number }
  #index = new PlacementIndex([], [])
  /** Ids of the hosts that have it, the image that was spoken of last at the end. */
  readonly #images = new Map<string, Set<string>>()
  /** From then on a host is trusted again that is not in this picture. */
  #goodUntilMs = Infinity

  constructor(deps: { store: Store; fleet: Fleet; memoryOvercommit: number }) {
    this.#deps = deps
  }

  /** Rejects when the rows cannot be read; the picture before stays. */
  async refresh(nowMs = Date.now()): Promise<void> {
    const { store, fleet, memoryOvercommit } = this.#deps
    const dynos = await listPlaced(store)
    const trustedMs = fleet.all().map(({ host }) => host.distrustUntil?.getTime() ?? 0)
    this.#goodUntilMs = Math.min(...trustedMs.filter((atMs) => atMs > nowMs))
    const options = { alone: fleet.isAlone(), memoryOvercommit, nowMs }
    const hosts = placementHostsOf(
      fleet.all().map(({ host }) => host),
      options,
    )
    this.#index = new PlacementIndex(
      hosts,
      dynos.map(({ id, appId, type, releaseId, size, hostId }) => ({
        id,
        appId,
        type,
        release: releaseId,
        hostId,
        needs: needsOf(size),
      })),
    )
    for (const [image, hostIds] of this.#images) for (const hostId of hostIds) this.#index.imageOn(hostId, image)
  }

  /** Where it would go now; nothing is promised. */
  async find(order: PlaceOrder): Promise<Placement> {
    if (Date.now() >= this.#goodUntilMs) await this.refresh()
    return this.#index.place(await this.#request(order))
  }

  /** From now on the dyno counts as being there. */
  take(dyno: PlaceOrder & { id: string; hostId: string }): void {
    const { id, appId, type, releaseId, hostId, size } = dyno
    this.#index.add({ id, appId, type, release: releaseId, hostId, needs: needsOf(size) })
  }

  /** It stays for now, but those that come are not spread away from it. */
  soonGone(dyno: Omit<PlaceOrder, 'releaseId'> & { id: string; hostId: string }): void {
    this.take({ ...dyno, releaseId: 'leaving' })
  }

  leave(dynoId: string): void {
    this.#index.remove(dynoId)
  }

  /** An image that a host has need not travel there. */
  holds(hostId: string, image: string): void {
    this.#index.imageOn(hostId, image)
    const holders = this.#images.get(image) ?? new Set()
    this.#images.delete(image)
    this.#images.set(image, holders.add(hostId))
    for (const oldest of this.#images.keys()) if (this.#images.size > IMAGES_MOST) this.#images.delete(oldest)
  }

  async #request({ appId, type, releaseId, size, image, not }: PlaceOrder): Promise<PlacementRequest> {
    const alone = this.#deps.fleet.isAlone()
    const wish = alone ? ({ on: {}, strategy: 'spread' } as const) : await readPlaceWish(this.#deps.store, appId, type)
    return { appId, type, release: releaseId, needs: needsOf(size), ...wish, ...(image && { image }), ...(not && { not }) }
  }
}

function needsOf(size: string): HostResources {
  const { memoryMiB, cpuShares, pids } = sizeOf(size)
  return { memoryMiB, cpuShares, pids }
}
