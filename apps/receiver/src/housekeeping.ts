// What nobody waits for: repacking repositories after pushes, and removing
// what a killed receiver left behind. One thing at a time, at low priority.
import { readdir, rm, stat } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { endOf, spawnGit } from '@paas/git/git'
import type { Logger } from '@paas/service/log'
import { pause } from '@paas/service/wait'
import { findExistingApps, findUnfinishedBuilds, recordRepositoryBytes } from '@paas/store/push-target'
import type { Store } from '@paas/store/store'

/** A git of the receiver before this one has lost its pipes and ends by itself within this. */
const ORPHANS_END_MS = 15_000
const SWEEP_EVERY_MS = 600_000
/** No push takes this long: what is older than that is nobody's, also while the receiver lives. */
const FORGOTTEN_MS = 24 * 3_600_000
const REPACK_DEADLINE_MS = 600_000
/** Every push adds a pack; git reads each of them for every object. */
const PACKS_BEFORE_REPACK = 20

export interface HousekeepingDeps {
  store: Store
  log: Logger
  settings: { dataDir: string }
}

export class Housekeeping {
  readonly #deps: HousekeepingDeps
  readonly #stop = new AbortController()
  readonly #wanted = new Map<string, string>()
  readonly #startedAt = Date.now()
  #tidying: Promise<void> | undefined
  readonly #sweeping: Promise<void>

  constructor(deps: HousekeepingDeps) {
    this.#deps = deps
    this.#sweeping = this.#sweepNowAndThen()
  }

  /** Repacks the repository when it has grown many packs, and notes its size; some time later. */
  tidy(appId: string, repository: string): void {
    this.#wanted.set(appId, repository)
    this.#tidying ??= this.#tidyAll().finally(() => {
      this.#tidying = undefined
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([this.#sweeping, this.#tidying])
  }

  async #tidyAll(): Promise<void> {
    const { store, log } = this.#deps
    for (const [appId, repository] of this.#wanted) {
      this.#wanted.delete(appId)
      if (this.#stop.signal.aborted) return
      await repack(repository, this.#stop.signal)
        .then(async () => recordRepositoryBytes(store, appId, await bytesOf(repository)))
        .catch((err: unknown) => log.warn({ err, app: appId }, 'repository.tidy_failed'))
    }
  }

  async #sweepNowAndThen(): Promise<void> {
    const { signal } = this.#stop
    for (let wait = ORPHANS_END_MS; !signal.aborted; wait = SWEEP_EVERY_MS) {
      await pause(wait, signal)
      if (signal.aborted) return
      await sweep(this.#deps, Math.max(this.#startedAt, Date.now() - FORGOTTEN_MS)).catch((err: unknown) =>
        this.#deps.log.warn({ err }, 'sweep.failed'),
      )
    }
  }
}

async function repack(repository: string, signal: AbortSignal): Promise<void> {
  const child = spawnGit(
    ['gc', '--auto', '--quiet'],
    {
      cwd: repository,
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(REPACK_DEADLINE_MS)]),
    },
    { 'gc.auto': '6700', 'gc.autoPackLimit': String(PACKS_BEFORE_REPACK) },
  )
  if (child.pid) setPriority(child.pid, constants.priority.PRIORITY_LOW)
  const { code, stderr } = await endOf(child)
  if (code !== 0 && !signal.aborted) throw new Error(`git gc: ${stderr.trim()}`)
}

/**
 * Removes what has not changed since `before` and belongs to nothing: quarantines of pushes that were cut off, half-written sources,
 * sources of builds that have ended, and repositories of apps that are gone.
 */
export async function sweep({ store, log, settings }: HousekeepingDeps, before: number): Promise<void> {
  const repositories = await oldEntries(paths.repositories(settings), before)
  for (const file of repositories.filter((name) => name.startsWith('.draft-'))) await remove(paths.repositories(settings), file)
  const ids = repositories.filter((name) => name.endsWith('.git')).map((name) => name.slice(0, -'.git'.length))
  const existing = ids.length > 0 ? await findExistingApps(store, ids) : new Set()
  for (const id of ids) {
    const repository = path.join(paths.repositories(settings), `${id}.git`)
    if (!existing.has(id)) await remove(repository)
    const objects = path.join(repository, 'objects')
    for (const name of await oldEntries(objects, before)) if (name.startsWith('tmp_objdir-')) await remove(objects, name)
  }

  const sources = await oldEntries(paths.sources(settings), before)
  for (const name of sources.filter((name) => name.endsWith('.part'))) await remove(paths.sources(settings), name)
  const builds = sources.filter((name) => name.endsWith('.tar')).map((name) => name.slice(0, -'.tar'.length))
  const unfinished = builds.length > 0 ? await findUnfinishedBuilds(store, builds) : new Set()
  for (const id of builds) if (!unfinished.has(id)) await remove(paths.sources(settings), `${id}.tar`)

  async function remove(...parts: string[]): Promise<void> {
    const file = path.join(...parts)
    await rm(file, { recursive: true, force: true })
    log.info({ file }, 'sweep.removed')
  }
}

/** Names in a folder that were last changed before `before`; none when it does not exist. */
async function oldEntries(folder: string, before: number): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  const old = await Promise.all(
    names.map((name) =>
      stat(path.join(folder, name)).then(
        ({ mtimeMs }) => mtimeMs < before,
        () => false,
      ),
    ),
  )
  return names.filter((_, index) => old[index])
}

/** On disk, of every file below. */
async function bytesOf(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  let bytes = 0
  for (const file of files) {
    if (file.isFile())
      bytes += await stat(path.join(file.parentPath, file.name)).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      )
  }
  return bytes
}
