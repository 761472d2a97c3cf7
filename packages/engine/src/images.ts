// Images: made from tars, found by name, removed without complaint.
//
// An image here is a stack of deterministic tars, each added once (`addLayer`)
// under its own key. How the engine is handed one more layer is layers.ts;
// this file knows names, labels and configs. See docs/design/020-images-and-layers.md.
import { type Engine, statusOf } from './client.ts'
import { type ConfigChange, imageConfig, mergeConfig } from './images-config.ts'
import { inspectImage } from './images-inspect.ts'
import { addLayerTo } from './layers.ts'
import { loadRoot } from './layers-load.ts'
import type { TarSource } from './tar.ts'

export type { ConfigChange } from './images-config.ts'
export { tagImage } from './images-tags.ts'
export type { TarSource } from './tar.ts'

export interface ImageFacts {
  /** `sha256:…` of the config: the identity on this host. */
  id: string
  labels: Record<string, string>
  env: Record<string, string>
  /** Of all layers together, shared ones included. */
  bytes: number
  /** When it was last tagged on this engine; an image's own date is fixed, so that equal content has an equal id. */
  created: Date
  tags: string[]
}

/** One more layer over `parent` (reference or id). Same input, same id, on engines that take the load way; every tag is moved to it. */
export function addLayer(
  engine: Engine,
  layer: { parent: string; tar: TarSource; config?: ConfigChange; tags: string[] },
): Promise<{ id: string }> {
  return addLayerTo(engine, layer)
}

/** A root image from one tar, with a fixed date: same tar and config, same id. */
export function baseImage(
  engine: Engine,
  root: { tar: TarSource; config: ConfigChange; tags: string[] },
): Promise<{ id: string }> {
  return loadRoot(engine, { ...root, config: imageConfig(mergeConfig({}, root.config)) })
}

/** The image by reference or id; undefined when the engine has none. */
export async function findImage(engine: Engine, ref: string): Promise<ImageFacts | undefined> {
  try {
    const found = await inspectImage(engine, ref, [404])
    return {
      id: found.Id,
      labels: found.Config.Labels ?? {},
      env: Object.fromEntries((found.Config.Env ?? []).map(splitAtEquals)),
      bytes: found.Size,
      created: new Date(found.Metadata?.LastTagTime ?? found.Created),
      tags: found.RepoTags ?? [],
    }
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** Takes the name away, and the image with it when that was its last. Missing is fine; one that a container uses stays, answered with false. */
export async function removeImage(engine: Engine, ref: string): Promise<boolean> {
  try {
    await engine.call(`remove image ${ref}`, (abortSignal) => engine.docker.getImage(ref).remove({ abortSignal }), {
      expected: [404, 409],
    })
    return true
  } catch (error) {
    if (statusOf(error) === 404) return true
    if (statusOf(error) === 409) return false
    throw error
  }
}

/** Every image with all these labels (`paas.app` → id). Names and sizes only: `findImage` tells the rest. */
export async function listImages(
  engine: Engine,
  labels: Record<string, string>,
): Promise<{ id: string; tags: string[]; labels: Record<string, string>; bytes: number }[]> {
  const label = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  const found = await engine.call('list images', (abortSignal) =>
    engine.docker.listImages({ filters: JSON.stringify({ label }), abortSignal }),
  )
  return found.map((image) => ({
    id: image.Id,
    tags: (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
    labels: image.Labels ?? {},
    bytes: image.Size,
  }))
}

function splitAtEquals(entry: string): [string, string] {
  const equals = entry.indexOf('=')
  return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)]
}
