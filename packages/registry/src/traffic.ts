// Pushes and collections keep apart: what a push has uploaded and not yet named
// looks like garbage.
//
// Within one process a gate does it. A push of another process meets a
// registry that is stopped while it collects (and forgets, on starting, which
// layers it had): the push fails whole and is tried again, and no image can
// be named whose layers are gone, for the registry checks them on naming.
import { existsSync, writeFileSync } from 'node:fs'
import { paths, type Settings } from '@paas/contract/settings'
import { pause } from '@paas/service/wait'

const LOOK_MS = 200
/** 10 GB of layers take a few seconds; the supervisor gives up after as long. */
const COLLECT_DEADLINE_MS = 120_000

export class RegistryTraffic {
  readonly #settings: Pick<Settings, 'dataDir'>
  #pushes = 0
  #collecting: Promise<void> | undefined

  constructor(settings: Pick<Settings, 'dataDir'>) {
    this.#settings = settings
  }

  /** Whether the platform has a registry at the moment: there is a host besides its own machine. */
  isWanted(): boolean {
    return existsSync(paths.registryConfig(this.#settings))
  }

  /** Runs a push; waits for a collection under way. */
  async push<T>(work: () => Promise<T>): Promise<T> {
    while (this.#collecting) await this.#collecting
    this.#pushes += 1
    try {
      return await work()
    } finally {
      this.#pushes -= 1
    }
  }

  /** Removes layers that no image names. False, and nothing was done: something is being pushed, or there is no registry. */
  async collect(signal: AbortSignal): Promise<boolean> {
    if (this.#pushes > 0 || this.#collecting || !this.isWanted()) return false
    this.#collecting = this.#untilCollected(signal)
    try {
      await this.#collecting
    } finally {
      this.#collecting = undefined
    }
    return true
  }

  /** The supervisor, which alone may stop the registry, takes the file away when it is done. */
  async #untilCollected(signal: AbortSignal): Promise<void> {
    const file = paths.registryCollect(this.#settings)
    const late = AbortSignal.any([signal, AbortSignal.timeout(COLLECT_DEADLINE_MS)])
    writeFileSync(file, '', { mode: 0o600 })
    while (existsSync(file) && this.isWanted() && !late.aborted) await pause(LOOK_MS, late)
  }
}
