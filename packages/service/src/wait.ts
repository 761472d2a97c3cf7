// Waiting with an end: deadlines, polls and wake-ups that never leak a timer.
import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, PlatformError } from '@paas/domain/errors'

/** Runs `work` with a signal that aborts at the deadline; rejects with `code` then, even when `work` ignores the signal. */
export async function withDeadline<T>(
  what: string,
  deadlineMs: number,
  code: ErrorCode,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new PlatformError(code, `${what} did not answer within ${deadlineMs / 1000} s`))
      abort.abort()
    }, deadlineMs)
  })
  try {
    return await Promise.race([work(abort.signal), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves after `ms`, or at once when the signal aborts; never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch(() => {})
}

/** A bell that many may ring and one loop waits for. Rings while nobody waits are kept as one. */
export class Bell {
  #rung = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  /** Resolves at the next ring, at abort, or after `ms`. */
  async next(ms: number, signal?: AbortSignal): Promise<void> {
    if (!this.#rung && !signal?.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, ms)
        function done() {
          clearTimeout(timer)
          signal?.removeEventListener('abort', done)
          resolve()
        }
        this.#wake = done
        signal?.addEventListener('abort', done, { once: true })
      })
    }
    this.#wake = undefined
    this.#rung = false
  }
}
