// Dyno sizes: memory and process limits by name (Heroku's names and figures,
// devcenter.heroku.com/articles/dyno-types and /limits).

export interface DynoSize {
  name: string
  memoryMiB: number
  /** Most processes and threads at once. */
  pids: number
  /** Relative share of CPU when the host is busy. */
  cpuShares: number
}

export const DYNO_SIZES: readonly DynoSize[] = [
  { name: 'Eco', memoryMiB: 512, pids: 256, cpuShares: 256 },
  { name: 'Basic', memoryMiB: 512, pids: 256, cpuShares: 256 },
  { name: 'Standard-1X', memoryMiB: 512, pids: 256, cpuShares: 512 },
  { name: 'Standard-2X', memoryMiB: 1024, pids: 512, cpuShares: 1024 },
  { name: 'Performance-M', memoryMiB: 2560, pids: 16384, cpuShares: 4096 },
  { name: 'Performance-L', memoryMiB: 14336, pids: 32768, cpuShares: 8192 },
]

export const DEFAULT_DYNO_SIZE = 'Standard-1X'

/** The size of that name, in any case; undefined when there is none. */
export function findDynoSize(name: string): DynoSize | undefined {
  return DYNO_SIZES.find((size) => size.name.toLowerCase() === name.toLowerCase())
}
