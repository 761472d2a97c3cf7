// What builds leave behind, removed: containers whose build has no lease,
// images nothing may start any more, caches of apps that are gone, sources of
// builds that have ended.
//
// References decide, read from Postgres at the moment of removal and under the
// app row's lock. Only what carries our own label is looked at, and nothing is
// pruned by the engine: it does not know what a rollback may need.
import { listBuildContainers, removeContainer } from '@paas/engine/build-container'
import type { Engine } from '@paas/engine/client'
import { findImage, listImages, removeImage } from '@paas/engine/images'
import { listVolumes, removeVolume } from '@paas/engine/volumes'
import type { Logger } from '@paas/service/log'
import { findLeased, findLivingApps, findSpentSources, withNeededImages } from '@paas/store/builder-claims'
import type { Store } from '@paas/store/store'
import { dropSource } from './build.ts'

/** How many of its newest releases an app can be rolled back to. */
const KEPT_RELEASES = 10
const KEPT_DEPS = 2
/** An image is made before its row is written; younger ones may still get theirs. */
const MIN_AGE_MS = 10 * 60_000

export interface CleanupDeps {
  store: Store
  engine: Engine
  log: Logger
}

/** Cheap, for every few seconds: leftovers of builders that were killed. */
export async function removeLeftovers({ store, engine, log }: CleanupDeps): Promise<void> {
  const containers = await listBuildContainers(engine)
  if (containers.length > 0) {
    const leased = await findLeased(store, containers.map(({ buildId }) => buildId).filter(isUuid))
    for (const { name, buildId } of containers.filter(({ buildId }) => !leased.has(buildId))) {
      await removeContainer(engine, name)
      log.info({ build: buildId }, 'build_container.removed')
    }
  }
  for (const build of await findSpentSources(store)) await dropSource(store, build)
}

/** Thorough, for every few minutes: images and caches without a reference. */
export async function removeUnreferenced({ store, engine, log }: CleanupDeps, now: number): Promise<void> {
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
      for (const { tag } of [...mine, ...myDeps]) await removeImage(engine, tag)
      for (const { name } of volumes.filter(({ labels }) => labels['paas.app'] === appId)) await removeVolume(engine, name)
      if (mine.length + myDeps.length > 0) log.info({ app: appId }, 'app_images.removed')
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
