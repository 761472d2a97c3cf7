// One pool per dyno, so that no connection outlives its dyno and none is ever
// shared between two of them, even when an address is reused.
import type { LiveDyno } from '@paas/domain/router-table'
import { DynoPool } from './dyno-pool.ts'

export class DynoConnections {
  readonly #pools = new Map<LiveDyno, DynoPool>()
  readonly #idleMs: number

  constructor(idleMs: number) {
    this.#idleMs = idleMs
  }

  /** The dyno's pool; made at its first request. */
  of(dyno: LiveDyno): DynoPool {
    let pool = this.#pools.get(dyno)
    if (!pool) {
      pool = new DynoPool(dyno, this.#idleMs)
      this.#pools.set(dyno, pool)
    }
    return pool
  }

  /** Closes what the dyno still has open. */
  drop(dyno: LiveDyno): void {
    this.#pools.get(dyno)?.destroy()
    this.#pools.delete(dyno)
  }

  /** These dynos, which have left the table, will not answer any more: ends what waits for them. */
  lose(dynoIds: readonly string[]): void {
    if (dynoIds.length === 0) return
    for (const [dyno, pool] of this.#pools) {
      if (!dyno.left || !dynoIds.includes(dyno.id)) continue
      dyno.lost = true
      pool.destroy()
    }
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.destroy()
    this.#pools.clear()
  }
}
