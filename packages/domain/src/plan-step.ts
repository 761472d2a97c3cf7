// The steps the scheduler knows. Each is small, may be repeated, and leaves a
// world in which it is not planned again.

export type Step =
  /** A new row, and its container. */
  | { kind: 'add-dyno'; releaseId: string; type: string; number: number; size: string; command: string | null }
  /** A running container that no row knows gets its row back. */
  | { kind: 'adopt-dyno'; dynoId: string; releaseId: string; type: string; number: number; size: string; command: string | null }
  /** A row that has no running container gets one. */
  | { kind: 'start-dyno'; dynoId: string }
  /** Look until it takes connections, its time is up, or it ends. */
  | { kind: 'watch-boot'; dynoId: string }
  /** Its container ended, or is gone, and should not have. */
  | { kind: 'crash-dyno'; dynoId: string; containerId: string | undefined }
  /** Its host is lost, and it with it as far as anybody can tell. */
  | { kind: 'lose-dyno'; dynoId: string }
  /** Its wait after a crash is over: a new row takes its place. */
  | { kind: 'replace-crashed'; dynoId: string }
  /** Takes no new requests from now on. */
  | { kind: 'drain-dyno'; dynoId: string }
  /** Once drained: SIGTERM, grace, SIGKILL. */
  | { kind: 'stop-dyno'; dynoId: string }
  /** Nothing runs any more; the row says how it ended. */
  | { kind: 'end-dyno'; dynoId: string; containerId: string | undefined; reason?: string }
  | { kind: 'delete-dyno'; dynoId: string }
  | { kind: 'remove-container'; containerId: string }
  | { kind: 'finish-phase'; releaseId: string }
  | { kind: 'succeed-release'; releaseId: string }
  | {
      kind: 'fail-release'
      releaseId: string
      code: 'superseded' | 'release_failed' | 'boot_failed'
      reason: string
      /** Whose last lines tell why. */
      dynoId: string | undefined
    }
  /** Everything of a destroyed app that is not a container. */
  | { kind: 'erase-app' }

export interface PlanLimits {
  releasePhaseTimeoutMs: number
}
