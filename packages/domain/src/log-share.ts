// How many lines an app may write per second when one machine reads them all:
// nobody is held back while there is room, and when there is none those who
// write least are served whole and the rest share what is left evenly
// (max-min fairness, Bertsekas & Gallager, Data Networks, 6.5.2).

/** The most any one may have, so that all together stay within `capacity`; Infinity when there is room for all. */
export function fairLimit(demands: readonly number[], capacity: number): number {
  let left = capacity
  const ascending = demands.toSorted((a, b) => a - b)
  for (const [index, demand] of ascending.entries()) {
    const share = left / (ascending.length - index)
    if (demand > share) return share
    left -= demand
  }
  return Number.POSITIVE_INFINITY
}

const BUSY = 0.85
const EASY = 0.6

/** Capacity for the next second, given how busy the last one was (0 to 1): down fast, up slowly, within its bounds. */
export function nextCapacity(capacity: number, utilization: number, { least, most }: { least: number; most: number }): number {
  if (utilization > BUSY) return Math.max(least, capacity * 0.7)
  return utilization < EASY ? Math.min(most, capacity * 1.1) : capacity
}
