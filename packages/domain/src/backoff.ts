// When a crashed dyno is started again: at once the first time, since most
// crashes happen once, then after 1 s, 2 s, 4 s … up to five minutes. And when
// a destroyed app is erased again: each part of it that is in use or away may
// be so for long.

export const MAX_BACKOFF_MS = 5 * 60_000
const FIRST_BACKOFF_MS = 1_000

/** How long to wait after the `crashes`th crash in a row (1 is the first). */
export function backoffMs(crashes: number): number {
  if (crashes <= 1) return 0
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(crashes - 2, 20))
}

/** Crashes in a row, this one counted: a dyno that ran longer than any wait has shown that it can run. */
export function crashesInRow(before: number, ranMs: number): number {
  return ranMs > MAX_BACKOFF_MS ? 1 : before + 1
}

/** The longest wait between two tries to erase an app: nothing of it should stay a minute after the last hindrance is gone. */
export const MAX_ERASE_BACKOFF_MS = 30_000

/** How long to wait after erasing an app failed for the `failures`th time in a row: 1 s, 2 s, 4 s … */
export function eraseBackoffMs(failures: number): number {
  return Math.min(MAX_ERASE_BACKOFF_MS, backoffMs(failures + 1))
}
