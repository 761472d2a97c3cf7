// What of an image is the platform's own: the stack or runtime that it stands
// on, which all apps share, and which therefore travels once.
import type { Engine } from './client.ts'
import { listImages } from './images.ts'
import { inspectImage } from './images-inspect.ts'

/** The tag of the longest image of ours whose layers are the image's lowest; undefined for one from elsewhere. */
export async function findBaseOf(engine: Engine, image: string): Promise<string | undefined> {
  const ours = await listBases(engine)
  const [made, ...bases] = await Promise.all([image, ...ours].map((ref) => inspectImage(engine, ref)))
  const layers = made?.RootFS.Layers ?? []
  const under = bases
    .map(({ RootFS }, at) => ({ tag: ours[at]!, layers: RootFS.Layers ?? [] }))
    .filter((base) => base.layers.length > 0 && base.layers.every((layer, at) => layer === layers[at]))
  return under.toSorted((a, b) => b.layers.length - a.layers.length)[0]?.tag
}

/** Tags of stacks and runtimes that dynos run on. */
export async function listBases(engine: Engine): Promise<string[]> {
  const tags = (await listImages(engine, {})).flatMap((found) => found.tags)
  return tags.filter((tag) => tag.startsWith(`${engine.prefix}/stack:`) || tag.startsWith(`${engine.prefix}/runtime-node:`))
}
