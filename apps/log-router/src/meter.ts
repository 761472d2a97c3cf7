// How many lines each app may write this second. One flooding app gets what
// the others leave; what it writes beyond that is counted, not kept.
import { performance } from 'node:perf_hooks'
import { fairLimit, nextCapacity } from '@paas/domain/log-share'
import type { StreamName } from '@paas/logs/types'

const WINDOW_MS = 1_000
/** Units a second for all apps together: a short line costs one, a long one more. Measured: docs/design/070-logs.md. */
const CAPACITY = { least: 10_000, most: 120_000 }
const BYTES_PER_UNIT = 256
/** Nobody is held to less. */
const LEAST_LIMIT = 1_000

export class Meter {
  #capacity: number = CAPACITY.most
  #limit: number = CAPACITY.most
  #used = new Map<StreamName, number>()
  #idleAtStart = performance.eventLoopUtilization()
  readonly #timer: NodeJS.Timeout
  readonly #openGaps = new Set<() => void>()

  constructor() {
    this.#timer = setInterval(() => this.#turn(), WINDOW_MS).unref()
  }

  charge(stream: StreamName, bytes: number): void {
    this.#used.set(stream, (this.#used.get(stream) ?? 0) + 1 + bytes / BYTES_PER_UNIT)
  }

  /** True when the stream's app has used up this second. */
  isSpent(stream: StreamName): boolean {
    return (this.#used.get(stream) ?? 0) > this.#limit
  }

  /** Calls back once, at the end of this second: time to say what was dropped in it. */
  atWindowEnd(close: () => void): void {
    this.#openGaps.add(close)
  }

  /** Resolves when the gaps of this second have been announced. */
  async windowEnd(): Promise<void> {
    await new Promise<void>((resolve) => this.atWindowEnd(resolve))
  }

  close(): void {
    clearInterval(this.#timer)
    this.#closeGaps()
  }

  #turn(): void {
    const { utilization } = performance.eventLoopUtilization(this.#idleAtStart)
    this.#idleAtStart = performance.eventLoopUtilization()
    this.#capacity = nextCapacity(this.#capacity, utilization, CAPACITY)
    const limit = fairLimit([...this.#used.values()], this.#capacity)
    this.#limit = Math.max(LEAST_LIMIT, Math.min(limit, this.#capacity))
    this.#used = new Map()
    this.#closeGaps()
  }

  #closeGaps(): void {
    const closing = [...this.#openGaps]
    this.#openGaps.clear()
    for (const close of closing) close()
  }
}
