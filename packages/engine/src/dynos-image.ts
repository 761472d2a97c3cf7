// The image of a dyno, as far as it decides how the dyno is started.
import type { Engine } from './client.ts'
import { inspectImage } from './images-inspect.ts'

export interface DynoImage {
  /** `sha256:…`: this very image, in no need of a registry. */
  id: string
  /** Built on our stack; others get their command run by their own shell. */
  onStack: boolean
}

const KEEP = 1_000
const known = new WeakMap<Engine, Map<string, DynoImage>>()

/** Throws `engine_refused` for one that the engine does not have. An image's name means one image for good: a build's id is in it. */
export async function dynoImage(engine: Engine, ref: string): Promise<DynoImage> {
  const images = known.get(engine) ?? new Map<string, DynoImage>()
  known.set(engine, images)
  const seen = images.get(ref)
  if (seen) return seen
  const { Id, Config } = await inspectImage(engine, ref)
  const image = { id: Id, onStack: 'paas.stack' in (Config.Labels ?? {}) }
  if (images.size >= KEEP) images.clear()
  images.set(ref, image)
  return image
}
