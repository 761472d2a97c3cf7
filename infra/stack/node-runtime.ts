// The Node.js runtime: one layer of /usr/local over the stack.
import type { Engine } from '@paas/engine/client'
import type { StackImages } from './stack.ts'

export interface NodeRuntime {
  /** `<prefix>/runtime-node:<version>`: over the run image; parent of deps layers. */
  ref: string
  /** `<prefix>/runtime-node:<version>-build`: the same layer over the build image; build containers run on it. */
  buildRef: string
  /** `22.11.0` */
  version: string
}

export interface NodeRuntimeOptions {
  workDir: string
  onProgress(line: string): void
  npmRegistry?: string | undefined
}

/** `range` as in package.json `engines.node` (`22.x`, `>=20 <23`); undefined or '' or 'lts/*' is the default line. Throws `build_failed` when nothing published matches. */
export declare function ensureNodeRuntime(
  engine: Engine,
  stack: StackImages,
  range: string | undefined,
  options: NodeRuntimeOptions,
): Promise<NodeRuntime>
