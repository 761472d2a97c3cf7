// Waiting for a condition, never for a time.
import { setTimeout as pause } from 'node:timers/promises'

/** Resolves with the first answer that is not undefined, null or false; rejects with `what` and the last error at the deadline. */
export async function until<T>(
  what: string,
  condition: () => Promise<T> | T,
  deadlineMs = 30_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const end = Date.now() + deadlineMs
  let last: unknown
  for (;;) {
    try {
      const answer = await condition()
      if (answer !== undefined && answer !== null && answer !== false) return answer as NonNullable<Exclude<T, false>>
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`waited ${deadlineMs / 1000} s for: ${what}`, { cause: last })
    await pause(25)
  }
}
