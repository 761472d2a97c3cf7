// What is said about a dyno's memory (Heroku's R14; R15 comes from the kernel,
// since a dyno's hard limit is twice its quota).

export const HARD_LIMIT_FACTOR = 2
const MIB = 1024 * 1024

/** The lines for the app's log while the dyno uses more than its quota; none while it does not. */
export function memoryLines(usedBytes: number, quotaMiB: number): string[] {
  if (usedBytes <= quotaMiB * MIB) return []
  const percent = ((usedBytes / (quotaMiB * MIB)) * 100).toFixed(1)
  return [`Process running mem=${Math.round(usedBytes / MIB)}M(${percent}%)`, 'Error R14 (Memory quota exceeded)']
}
