// A host: one machine with an engine, on which dynos run.

/**
 * `joining`: being prepared. `up`: takes dynos. `sick`: its engine does not answer but the machine or its dynos do, so that
 * what runs goes on and nothing new is placed. `lost`: nothing answers, its dynos are replaced elsewhere. `failed`: could not join.
 */
export type HostCondition = 'joining' | 'up' | 'sick' | 'lost' | 'failed'

/** What a dyno needs of a host, or a host has. CPU shares are the engine's relative weights. */
export interface HostResources {
  memoryMiB: number
  cpuShares: number
  pids: number
}

export const NO_RESOURCES: HostResources = { memoryMiB: 0, cpuShares: 0, pids: 0 }
