// Images in the registry that nothing needs any more. It holds copies: what the
// engine of this machine has, hosts may still ask for; what it has not and no
// release needs goes. An image that a release needs stays even when this
// engine lost it.
//
// Taking a name away frees nothing yet. Layers go when the registry collects,
// for which it stops for a moment: seldom, and never while something is pushed.
import type { Engine } from '@paas/engine/client'
import { listImages } from '@paas/engine/images'
import { listBases } from '@paas/engine/images-base'
import { appOfRepository, BASE_REPOSITORY } from '@paas/registry/address'
import { listRepositories, listTags, removeRegistryImage } from '@paas/registry/images'
import type { Registry } from '@paas/registry/registry'
import type { Logger } from '@paas/service/log'
import { withNeededImages } from '@paas/store/builder-claims'
import type { Store } from '@paas/store/store'
import { KEPT_RELEASES } from './cleanup.ts'

const COLLECT_EVERY_MS = 60 * 60_000

export interface RegistryCleanupDeps {
  store: Store
  engine: Engine
  log: Logger
  registry: Registry
}

export class RegistryCleanup {
  readonly #deps: RegistryCleanupDeps
  /** Names were taken away since the last collection. A restart forgets it; the next removal brings it back. */
  #garbage = false
  #collectAt = 0

  constructor(deps: RegistryCleanupDeps) {
    this.#deps = deps
  }

  /** One pass; nothing without a registry. Rejects when registry, engine or Postgres cannot be asked. */
  async run(signal: AbortSignal): Promise<void> {
    const { engine, log, registry } = this.#deps
    if (!registry.isWanted()) return
    const here = new Set((await listImages(engine, { 'paas.prefix': engine.prefix })).flatMap(({ tags }) => tags))
    const bases = new Set((await listBases(engine)).map((tag) => tag.slice(tag.lastIndexOf(':') + 1)))
    for (const repository of await listRepositories(registry.settings)) {
      const appId = appOfRepository(repository)
      const tags = await listTags(registry.settings, repository)
      if (repository === BASE_REPOSITORY)
        await this.#remove(
          repository,
          tags.filter((tag) => !bases.has(tag)),
        )
      if (appId !== undefined) await this.#removeOf(appId, repository, tags, here)
    }
    if (!this.#garbage || performance.now() < this.#collectAt) return
    if (!(await registry.collect(signal))) return // something is being pushed: at the next pass
    this.#garbage = false
    this.#collectAt = performance.now() + COLLECT_EVERY_MS
    log.info('registry.collection_done')
  }

  async #removeOf(appId: string, repository: string, tags: string[], here: ReadonlySet<string>): Promise<void> {
    const { store, engine } = this.#deps
    const imageOf = (tag: string) => `${engine.prefix}/${repository}:${tag}`
    const gone = tags.filter((tag) => !here.has(imageOf(tag)))
    if (gone.length === 0) return
    let spare: string[] = []
    await withNeededImages(store, appId, KEPT_RELEASES, async (needed) => {
      spare = gone.filter((tag) => !needed.has(imageOf(tag)))
    })
    await this.#remove(repository, spare)
  }

  async #remove(repository: string, tags: string[]): Promise<void> {
    const { log, registry } = this.#deps
    for (const tag of tags) {
      await removeRegistryImage(registry.settings, repository, tag)
      this.#garbage = true
      log.info({ repository, tag }, 'registry_image.removed')
    }
  }
}
