// One app as the scheduler sees it: what its people want (rows), what it has
// started (dyno rows) and what really runs (containers). Times are ms since
// the epoch.
import type { FormationEntry } from './formation.ts'

export type WorldDynoState = 'starting' | 'up' | 'draining' | 'stopping' | 'crashed' | 'down'

export interface WorldRelease {
  id: string
  version: number
  createdAtMs: number
  /** Its release phase exited 0. */
  phaseDone: boolean
  /** What its dynos are started from. */
  image: string
  /** Command per process type; null: the image's own. */
  processTypes: Readonly<Record<string, string | null>>
}

export interface WorldDyno {
  id: string
  releaseId: string
  version: number
  /** A process type, or `run`, or `release`. */
  type: string
  number: number
  size: string
  state: WorldDynoState
  stateSinceMs: number
  createdAtMs: number
  wish: 'restart' | 'stop' | null
  crashes: number
  retryAtMs: number | null
  exitCode: number | null
  reason: string | null
  attach: boolean
  address: string | null
  port: number | null
  /** null: not placed yet. */
  hostId: string | null
  /** What is known of its host's containers. `seen`: they are in this picture. `unseen`: the host does not answer now, so that nothing follows from a container that is missing. `lost`: the host is given up. */
  reach: 'seen' | 'unseen' | 'lost'
  /** Not placed, and no host has room for it now; `reason` says why. */
  waiting: boolean
  /** Its host is being drained, and there is room elsewhere. */
  moving: boolean
  /** What this scheduler is doing with it right now: nothing of it survives a restart, and then it is planned anew. */
  busy: 'boot' | 'stop' | 'session' | undefined
}

export interface WorldContainer {
  id: string
  hostId: string
  dynoId: string
  /** `web.1` */
  name: string
  /** Of the release it runs; undefined where its labels do not say. */
  version: number | undefined
  createdAtMs: number
  /** `exited` also stands for dead and being removed. */
  state: 'created' | 'running' | 'exited'
}

export interface AppWorld {
  id: string
  name: string
  destroyed: boolean
  /** Erasing it has failed and is not tried again before this; a scheduler knows it of itself, like `busy`. */
  eraseAfterMs?: number | undefined
  maintenance: boolean
  /** Public names besides `name.DOMAIN`. */
  domains: readonly string[]
  /** The newest that succeeded and has code. */
  current: WorldRelease | undefined
  /** Releases with code that are not up yet, oldest first. */
  pending: readonly WorldRelease[]
  formation: readonly FormationEntry[]
  dynos: readonly WorldDyno[]
  containers: readonly WorldContainer[]
}

/** `web.1` */
export function dynoName({ type, number }: Pick<WorldDyno, 'type' | 'number'>): string {
  return `${type}.${number}`
}

/** Not part of the formation: `run`, and the `release` process of a release. */
export function isOneOff({ type }: Pick<WorldDyno, 'type'>): boolean {
  return type === 'run' || type === 'release'
}

/** Takes its place in the formation. */
export function isLive({ state }: Pick<WorldDyno, 'state'>): boolean {
  return state === 'starting' || state === 'up' || state === 'crashed'
}

/** On its way out. */
export function isLeaving({ state }: Pick<WorldDyno, 'state'>): boolean {
  return state === 'draining' || state === 'stopping'
}

export function containerOf(world: Pick<AppWorld, 'containers'>, dynoId: string): WorldContainer | undefined {
  return world.containers.find((container) => container.dynoId === dynoId)
}
