// The disk is shared with Postgres and every other app: a build does not start
// while little is free, and is stopped when it takes too much or when what is
// kept in reserve is being used up.
import { statfs } from 'node:fs/promises'
import type { Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { buildContainerBytes, folderBytes, volumeBytes } from '@paas/engine/build-disk'
import { isolatedPaths } from '@paas/engine/build-isolated'
import type { Engine } from '@paas/engine/client'
import { removeVolume } from '@paas/engine/volumes'
import { pause } from '@paas/service/wait'

/** What one build may have written, its app's cache included. */
export const BUILD_DISK_MAX_BYTES = 8e9
/** A cache larger than this is emptied after the build. */
const CACHE_MAX_BYTES = 1e9
const WATCH_MS = 5_000
const TRIM_TRIES = 5

export type DiskSettings = Pick<Settings, 'dataDir' | 'diskReserveBytes'>

export function dockerfilesFolder({ dataDir }: Pick<Settings, 'dataDir'>): string {
  return `${dataDir}/dockerfiles`
}

export function cacheVolume(engine: Engine, appId: string): string {
  return `${engine.prefix}-cache-${appId}`
}

/** Throws `disk_full` with the figures when less than the reserve is free. */
export async function refuseOnFullDisk({ dataDir, diskReserveBytes }: DiskSettings): Promise<void> {
  const free = await freeBytes(dataDir)
  if (free < diskReserveBytes) {
    throw new PlatformError(
      'disk_full',
      `Nothing is built while the platform's disk is nearly full: ${gigabytes(free)} GB are free, ${gigabytes(diskReserveBytes)} GB are kept in reserve`,
      { hint: 'Push again when there is room.' },
    )
  }
}

/** Calls `stop` once with the reason when a bound is passed. Measures until closed; a measurement that fails is left out. */
export function watchDisk(
  engine: Engine,
  build: { id: string; appId: string },
  settings: DiskSettings,
  stop: (why: PlatformError) => void,
): { close(): void } {
  const abort = new AbortController()
  async function watch(): Promise<void> {
    for (;;) {
      await pause(WATCH_MS, abort.signal)
      if (abort.signal.aborted) return
      const why = await overBound(engine, build, settings).catch(() => undefined)
      if (why && !abort.signal.aborted) return stop(why)
    }
  }
  void watch()
  return { close: () => abort.abort() }
}

async function overBound(
  engine: Engine,
  { id, appId }: { id: string; appId: string },
  settings: DiskSettings,
): Promise<PlatformError | undefined> {
  const free = await freeBytes(settings.dataDir)
  if (free < settings.diskReserveBytes / 2) {
    return new PlatformError('disk_full', `The build was stopped: only ${gigabytes(free)} GB are free on the platform's disk`)
  }
  const folder = dockerfilesFolder(settings)
  const written = await Promise.all([
    buildContainerBytes(engine, id),
    volumeBytes(engine, cacheVolume(engine, appId)),
    folderBytes(isolatedPaths.work(folder, id)),
    folderBytes(isolatedPaths.app(folder, appId)),
  ])
  const bytes = written.reduce<number>((sum, part) => sum + (part ?? 0), 0)
  if (bytes <= BUILD_DISK_MAX_BYTES) return undefined
  return new PlatformError(
    'disk_full',
    `The build was stopped: it wrote ${gigabytes(bytes)} GB, and a build may write ${gigabytes(BUILD_DISK_MAX_BYTES)} GB`,
  )
}

/** Empties the app's cache when it has grown over its bound; a volume still in use by the container that is on its way out is tried again. */
export async function trimCache(engine: Engine, appId: string, signal: AbortSignal): Promise<void> {
  const name = cacheVolume(engine, appId)
  if (((await volumeBytes(engine, name)) ?? 0) <= CACHE_MAX_BYTES) return
  for (let tries = 0; tries < TRIM_TRIES && !signal.aborted; tries++) {
    if (await removeVolume(engine, name)) return
    await pause(1_000, signal)
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(1)
}
