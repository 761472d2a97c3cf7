// The stack: the two images under every app, made from the Debian archive.
import type { Engine } from '@paas/engine/client'

export interface StackImages {
  /** `<prefix>/stack:<version>`: what a dyno runs on. */
  run: string
  /** `<prefix>/stack-build:<version>`: the same with compilers and headers. */
  build: string
  /** `bookworm-1a2b3c4d`: suite, and hash of recipe and CA bundle. */
  version: string
}

export interface StackOptions {
  /** Keeps root tars and downloads by key; a second platform on this machine finds them here. */
  workDir: string
  /** What happens now, with the time it has taken; at least every few seconds while something is made. */
  onProgress(line: string): void
  /** Path of a sources file (deb822 or one-line) in place of the machine's own. */
  aptSources?: string | undefined
  /** Path of a PEM file with the CA certificates of the site, in place of SSL_CERT_FILE or the system's. */
  caBundle?: string | undefined
}

/** Makes both stack images unless they are there. Throws `stack_failed`. */
export declare function ensureStack(engine: Engine, options: StackOptions): Promise<StackImages>
