// One watch per host, begun and ended as hosts come and go.
import type { Scheduler } from './deps.ts'
import { addressOf } from './fleet.ts'
import { watchHost } from './host-watch.ts'

export class HostWatches {
  readonly #running = new Map<string, { abort: AbortController; ended: Promise<void>; address: string }>()

  /** Every host of the fleet is watched from now on, but one that was refused, and no other. */
  adjust(scheduler: Scheduler): void {
    const watched = scheduler.fleet.all().filter(({ host }) => host.condition !== 'failed')
    const members = new Map(watched.map(({ host }) => [host.id, addressOf(host)]))
    for (const [hostId, { abort, address }] of this.#running) {
      if (members.get(hostId) === address) continue
      abort.abort()
      this.#running.delete(hostId)
    }
    for (const [hostId, address] of members) {
      if (this.#running.has(hostId)) continue
      const abort = new AbortController()
      this.#running.set(hostId, { abort, address, ended: watchHost(scheduler, hostId, abort.signal) })
    }
  }

  async close(): Promise<void> {
    for (const { abort } of this.#running.values()) abort.abort()
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
  }
}
