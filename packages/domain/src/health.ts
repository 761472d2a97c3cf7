// When a starting dyno is looked at again: often at first, since most web
// processes bind within a second and traffic waits for it, seldom later.

const FIRST_MS = 10
const LONGEST_MS = 250
const GROWTH = 1.25

/** Pause before look number `looks` (0 is the first), in ms. */
export function pauseBeforeLookMs(looks: number): number {
  return Math.min(LONGEST_MS, Math.round(FIRST_MS * GROWTH ** Math.min(looks, 64)))
}
