// What erasing destroyed apps has come to: after each failure a longer wait,
// so that a part that stays away is not asked every second. A scheduler that
// starts tries at once.
import { eraseBackoffMs } from '@paas/domain/backoff'

interface Failed {
  times: number
  afterMs: number
}

export class Erasures {
  readonly #failed = new Map<string, Failed>()

  /** Not before this (ms since the epoch); undefined: nothing is against it. */
  afterMs(appId: string): number | undefined {
    return this.#failed.get(appId)?.afterMs
  }

  /** Runs one try and keeps count. Rejects as `work` does. */
  async try(appId: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#failed.delete(appId)
    } catch (error) {
      const times = (this.#failed.get(appId)?.times ?? 0) + 1
      this.#failed.set(appId, { times, afterMs: Date.now() + eraseBackoffMs(times) })
      throw error
    }
  }
}
