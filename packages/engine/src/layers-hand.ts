// A new image handed straight to another host's engine: the one layer it
// lacks, and the names of those it has from the release before.
//
// Half the time of a push and a pull, and nothing to be compressed. It takes an
// engine that has all other layers and loads a partial archive; where either is
// not so the engine refuses, and the registry serves every host the same way.
import { createHash } from 'node:crypto'
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from './client.ts'
import { findImage } from './images.ts'
import { imageConfig, mergeConfig } from './images-config.ts'
import { inspectImage } from './images-inspect.ts'
import { loadLayers } from './layers-load.ts'
import type { TarSource } from './tar.ts'

export interface HandedImage {
  /** By its name in both engines. */
  image: string
  /** Its last layer, as it was added. */
  tar: TarSource
}

/**
 * Resolves when `to` has the image that `from` has; at once when it had it. Throws `engine_refused` where it lacks a layer, or where the image
 * was not made here as our images are: pull it then.
 */
export async function handLayer(from: Engine, to: Engine, { image, tar }: HandedImage): Promise<void> {
  if (await findImage(to, image)) return
  const made = await inspectImage(from, image)
  const layers = made.RootFS.Layers ?? []
  const config = imageConfig(mergeConfig(made.Config, {}), made.Architecture)
  // Decided before a byte travels: only then is the loaded image the same one.
  if (`sha256:${createHash('sha256').update(config(layers)).digest('hex')}` !== made.Id) {
    throw new PlatformError('engine_refused', `The image ${image} cannot be handed on layer by layer`)
  }
  await loadLayers(to, { below: layers.slice(0, -1), layers: [tar], config, tags: [image] })
}
