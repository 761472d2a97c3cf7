// The builder: takes builds from the queue and makes images of them.
//
// A job is a hint. Rows decide what is built, so the reconciler below puts a
// hint for every build that waits, at start, at every wake-up and every 2 s:
// after Redis was flushed, after a builder was killed, after a job was lost,
// all take the same path. Where Redis is away a waiting build is taken without it.
import path from 'node:path'
import type { Settings } from '@paas/contract/settings'
import type { Engine } from '@paas/engine/client'
import type { LogWriter } from '@paas/logs/types'
import type { Queues } from '@paas/queue/types'
import type { Registry } from '@paas/registry/registry'
import type { Logger } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { Bell } from '@paas/service/wait'
import { ensureNodeRuntime } from '@paas/stack/node-runtime'
import type { StackImages } from '@paas/stack/stack'
import { claimBuild, findBuildsToDo } from '@paas/store/builder-claims'
import type { Store } from '@paas/store/store'
import { type BuildDeps, LEASE_MS, runBuild } from './build.ts'
import { readBuildpacks } from './buildpacks.ts'
import { removeLeftovers, removeUnreferenced } from './cleanup.ts'
import { RegistryCleanup } from './cleanup-registry.ts'
import { dockerfilesFolder, trimCache } from './disk.ts'
import { findIsolation } from './isolation.ts'
import { findMirrors } from './mirrors.ts'
import { keepNewestLayer } from './newest-layer.ts'

const LOOK_MS = 2_000
const LEFTOVERS_MS = 15_000
const CLEANUP_MS = 10 * 60_000
const NOTHING = () => {}
const BUILDPACKS = path.resolve(import.meta.dirname, '../../../buildpacks')

export type BuilderSettings = Pick<
  Settings,
  | 'buildConcurrency'
  | 'buildTimeoutMs'
  | 'buildMemoryMiB'
  | 'buildPids'
  | 'slugMaxBytes'
  | 'dataDir'
  | 'cacheDir'
  | 'npmRegistry'
  | 'pipIndexUrl'
  | 'caBundle'
  | 'diskReserveBytes'
>

export interface BuilderDeps {
  store: Store
  queues: Queues
  engine: Engine
  logs: LogWriter
  log: Logger
  stack: StackImages
  settings: BuilderSettings
  /** The same that others of this process publish with, since what is being published must not be collected. */
  registry: Registry
  /** Environment of this machine's services: mirrors and proxies are taken from it. */
  machine: Readonly<Record<string, string | undefined>>
  /** Folder of the built-in buildpacks; the repository's own when left out. */
  buildpacksDir?: string
}

/** Closing stops builds under way and leaves them to the next builder: their containers are removed, their rows stay claimed until the lease ends. */
export async function startBuilder(deps: BuilderDeps): Promise<Service> {
  const { store, queues, engine, logs, log, stack, settings } = deps
  const buildpacks = await readBuildpacks(deps.buildpacksDir ?? BUILDPACKS)
  const shutdown = new AbortController()
  const bell = new Bell()
  /** Apps this process builds at the moment; a second hint for one of them has nothing to do. */
  const building = new Map<string, Promise<boolean>>()

  const where = { holder: stack.run, folder: dockerfilesFolder(settings) }
  const isolation = findIsolation(engine, where, log, shutdown.signal)
  const buildDeps: BuildDeps = {
    store,
    queues,
    logs,
    log,
    settings,
    image: {
      engine,
      buildpacks,
      stack,
      settings,
      findNodeRuntime: async (range, say) => {
        const options = { workDir: settings.cacheDir, onProgress: say, npmRegistry: settings.npmRegistry }
        const { ref, buildRef, version } = await ensureNodeRuntime(engine, stack, range, options)
        return { ref, buildRef, label: `Node.js ${version}` }
      },
      findMirrors: () => findMirrors(settings, deps.machine),
      isolation: () => isolation,
      async keepLayer(build, tar) {
        if (!deps.registry.isWanted()) return
        await keepNewestLayer(settings, build, tar).catch((err) => log.warn({ err, app: build.appId }, 'newest_layer.not_kept'))
      },
    },
  }

  /** A job says that something waits; what is next is fair among owners, whatever order jobs came in. */
  async function buildNext(): Promise<void> {
    for (const { appId } of await findBuildsToDo(store)) {
      if (shutdown.signal.aborted) return
      if (building.has(appId)) continue
      const work = (async () => {
        const claimed = await claimBuild(store, appId, LEASE_MS)
        if (claimed) await runBuild(buildDeps, claimed.build, shutdown.signal)
        return claimed !== undefined
      })()
      building.set(appId, work)
      try {
        if (await work) {
          trimCache(engine, appId, shutdown.signal).catch((err) => log.warn({ err, app: appId }, 'build_cache.not_trimmed'))
          return
        }
      } finally {
        building.delete(appId)
        bell.ring() // the app's next build, if there is one, goes to the end of the queue: others wait too
      }
    }
  }

  async function reconcile(): Promise<void> {
    for (const { id, appId } of await findBuildsToDo(store)) {
      if (building.has(appId)) continue
      await queues.add('builds', id, { appId, buildId: id }).catch((err) => {
        if (building.size >= settings.buildConcurrency) return
        log.warn({ err, app: appId, build: id }, 'build.taken_without_queue')
        buildNext().catch((err) => log.error({ err, app: appId, build: id }, 'build.broken'))
      })
    }
  }

  const cleanup = { store, engine, log, dockerfiles: where.folder }
  const registryCleanup = new RegistryCleanup({ store, engine, log, registry: deps.registry })
  async function loop(): Promise<void> {
    let leftoversAt = 0
    let cleanupAt = performance.now() + LEFTOVERS_MS
    while (!shutdown.signal.aborted) {
      await reconcile().catch((err) => log.warn({ err }, 'builds.reconcile_failed'))
      if (performance.now() >= leftoversAt) {
        leftoversAt = performance.now() + LEFTOVERS_MS
        await removeLeftovers(cleanup).catch((err) => log.warn({ err }, 'build_leftovers.failed'))
      }
      if (performance.now() >= cleanupAt) {
        cleanupAt = performance.now() + CLEANUP_MS
        await removeUnreferenced(cleanup, Date.now()).catch((err) => log.warn({ err }, 'build_cleanup.failed'))
        await registryCleanup.run(shutdown.signal).catch((err) => log.warn({ err }, 'registry_cleanup.failed'))
      }
      await bell.next(LOOK_MS, shutdown.signal)
    }
  }

  const worker = await queues.work('builds', settings.buildConcurrency, () => buildNext())
  const looping = loop()
  return {
    name: 'builder',
    async close() {
      shutdown.abort()
      bell.ring()
      await Promise.all([worker.close(), looping, isolation, ...building.values()].map((work) => work.then(NOTHING, NOTHING)))
    },
  }
}
