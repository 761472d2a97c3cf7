// What builds leave behind, removed: containers whose build has no lease,
// images nothing may start any more, caches of apps that are gone, sources of
// builds that have ended.
//
// References decide, read from Postgres at the moment of removal and under the
// app row's lock. Only what carries our own label is looked at, and nothing is
// pruned by the engine: it does not know what a rollback may need.
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { listBuildContainers, removeContainer } from '@paas/engine/build-container'
import { folderBytes } from '@paas/engine/build-disk'
import { isolatedPaths } from '@paas/engine/build-isolated'
import type { Engine } from '@paas/engine/client'
import { findImage, listImages, removeImage } from '@paas/engine/images'
import { listVolumes, removeVolume, type VolumeFacts } from '@paas/engine/volumes'
import type { Logger } from '@paas/service/log'
import {
  findIdleApps,
  findLeased,
  findLivingApps,
  findSpentSources,
  withNeededImages,
  withoutBuild,
} from '@paas/store/builder-claims'
import type { Store } from '@paas/store/store'
import { dropSource } from './build.ts'

/** How many of its newest releases an app can be rolled back to. */
export const KEPT_RELEASES = 10
const KEPT_DEPS = 2
/** An image is made before its row is written; younger ones may still get theirs. */
const MIN_AGE_MS = 10 * 60_000
/** Of images and caches whose app no row knows: after a restore from a backup a person has this long to notice. */
const UNKNOWN_AGE_MS = 60 * 60_000
const IDLE_DAYS = 30
/** Layers of a Dockerfile app that are kept for its next build. */
const STORE_MAX_BYTES = 4e9
/** Ends the name of a store that is being removed: taken away at once, so that a build that begins meanwhile has a new one. */
const GONE = '.gone'

export interface CleanupDeps {
  store: Store
  engine: Engine
  log: Logger
  /** Folder of stores and working folders of Dockerfile builds. */
  dockerfiles: string
}

/** Cheap, for every few seconds: leftovers of builders that were killed. */
export async function removeLeftovers({ store, engine, log, dockerfiles }: CleanupDeps): Promise<void> {
  const containers = await listBuildContainers(engine)
  const folders = await readdir(`${dockerfiles}/work`).catch((): string[] => [])
  // What is not named after a build is the start's probe of the sandbox.
  const ids = [...new Set([...containers.map(({ buildId }) => buildId), ...folders])].filter(isUuid)
  const leased = ids.length > 0 ? await findLeased(store, ids) : new Set<string>()
  const isLeft = (buildId: string) => isUuid(buildId) && !leased.has(buildId)
  for (const { name, buildId } of containers.filter(({ buildId }) => isLeft(buildId))) {
    await removeContainer(engine, name)
    log.info({ build: buildId }, 'build_container.removed')
  }
  for (const folder of folders.filter(isLeft)) await rm(isolatedPaths.work(dockerfiles, folder), { recursive: true, force: true })
  for (const build of await findSpentSources(store)) await dropSource(store, build)
}

/** Thorough, for every few minutes: images and caches without a reference. */
export async function removeUnreferenced(cleanup: CleanupDeps, now: number): Promise<void> {
  const { store, engine, log } = cleanup
  const ours = { 'paas.prefix': engine.prefix }
  const [apps, deps, volumes] = await Promise.all([
    listImages(engine, { ...ours, 'paas.kind': 'app' }),
    listImages(engine, { ...ours, 'paas.kind': 'deps' }),
    listVolumes(engine, 'paas.app'),
  ])
  // Labels are inherited: an app's image carries those of the deps image under it, so its kind is what its own tag says.
  const tagsOf = (images: typeof apps, folder: string) =>
    images.flatMap(({ tags, labels }) =>
      tags
        .filter((tag) => tag.startsWith(`${engine.prefix}/${folder}-`))
        .map((tag) => ({ tag, appId: labels['paas.app'] ?? '' })),
    )
  const appTags = tagsOf(apps, 'app')
  const depsTags = tagsOf(deps, 'deps')
  const ids = [
    ...new Set([...appTags, ...depsTags].map(({ appId }) => appId).concat(volumes.map(({ labels }) => labels['paas.app'] ?? ''))),
  ]
  const living = await findLivingApps(store, ids.filter(isUuid))

  for (const appId of ids) {
    const mine = appTags.filter((image) => image.appId === appId)
    const myDeps = depsTags.filter((image) => image.appId === appId)
    if (!living.has(appId)) {
      const old = await olderThan(engine, [...mine, ...myDeps], now - UNKNOWN_AGE_MS)
      for (const { tag } of old) await removeImage(engine, tag)
      if (old.length > 0) log.info({ app: appId }, 'app_images.removed')
      continue
    }
    const old = await olderThan(engine, [...mine, ...myDeps], now - MIN_AGE_MS)
    if (old.length === 0) continue
    await withNeededImages(store, appId, KEPT_RELEASES, async (needed) => {
      for (const { tag } of old.filter(({ tag }) => mine.some((image) => image.tag === tag) && !needed.has(tag))) {
        await removeImage(engine, tag)
        log.info({ app: appId, image: tag }, 'image.removed')
      }
    })
    // Layers under an app's image stay with it: taking a deps tag away costs only its reuse.
    const spare = old.filter(({ tag }) => myDeps.some((image) => image.tag === tag)).slice(KEPT_DEPS)
    for (const { tag } of spare) await removeImage(engine, tag)
  }
  await removeCaches(cleanup, volumes, now)
}

/** Caches of apps that are gone or idle: volumes of buildpacks and stores of Dockerfiles. */
async function removeCaches(
  { store, engine, log, dockerfiles }: CleanupDeps,
  volumes: VolumeFacts[],
  now: number,
): Promise<void> {
  const folders = await readdir(`${dockerfiles}/apps`).catch((): string[] => [])
  const ids = [...new Set([...volumes.map(({ labels }) => labels['paas.app'] ?? ''), ...folders])].filter(isUuid)
  if (ids.length === 0) return
  const [living, idle] = await Promise.all([findLivingApps(store, ids), findIdleApps(store, ids, IDLE_DAYS)])
  const isSpare = (appId: string, created: Date) =>
    isUuid(appId) && (living.has(appId) ? idle.has(appId) : created.getTime() < now - UNKNOWN_AGE_MS)
  for (const { name } of volumes.filter(({ labels, created }) => isSpare(labels['paas.app'] ?? '', created))) {
    if (await removeVolume(engine, name)) log.info({ volume: name }, 'build_cache.removed')
  }
  for (const appId of folders) {
    const folder = isolatedPaths.app(dockerfiles, appId)
    const { birthtime } = await stat(folder)
    const isLarge = async () => ((await folderBytes(folder)) ?? 0) > STORE_MAX_BYTES
    if (!isUuid(appId) || (!isSpare(appId, birthtime) && !(await isLarge()))) continue
    const removed = await withoutBuild(store, appId, () => rename(folder, `${folder}${GONE}`))
    if (removed) log.info({ app: appId }, 'build_cache.removed')
  }
  for (const folder of await readdir(`${dockerfiles}/apps`).catch((): string[] => [])) {
    if (folder.endsWith(GONE)) await rm(isolatedPaths.app(dockerfiles, folder), { recursive: true, force: true })
  }
}

/** Of these, those tagged before then; newest first. */
async function olderThan(engine: Engine, images: { tag: string }[], before: number): Promise<{ tag: string; at: number }[]> {
  const aged: { tag: string; at: number }[] = []
  for (const { tag } of images) {
    const found = await findImage(engine, tag)
    if (found && found.created.getTime() < before) aged.push({ tag, at: found.created.getTime() })
  }
  return aged.sort((a, b) => b.at - a.at)
}

function isUuid(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
}
