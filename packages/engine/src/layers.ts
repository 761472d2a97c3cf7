// One more layer on an image, in the way this engine takes.
//
// load:   an archive that names all layers and holds the last one; the engine
//         skips the others because it has their chain. Quick, and the id is
//         ours. It is how the overlay2 store behaves, not a promise.
// commit: create a container, put the tar in, commit; it never starts. Works
//         on every engine, but stamps the hour, so ids differ every time.
//
// Which one, a probe of two tiny images decides, once per engine and process.
import { randomBytes } from 'node:crypto'
import type { Engine } from './client.ts'
import { type ConfigChange, imageConfig, mergeConfig } from './images-config.ts'
import { inspectImage } from './images-inspect.ts'
import { commitLayer } from './layers-commit.ts'
import { loadLayer, loadRoot } from './layers-load.ts'
import { makeTar, type TarSource } from './tar.ts'

export type LayerWay = 'load' | 'commit'

const ways = new WeakMap<object, Promise<LayerWay>>()

export interface NewLayer {
  parent: string
  tar: TarSource
  config?: ConfigChange
  tags: string[]
}

export async function addLayerTo(engine: Engine, layer: NewLayer): Promise<{ id: string }> {
  return (await layerWay(engine)) === 'load' ? loadLayer(engine, layer) : commitLayer(engine, layer)
}

/** The way this engine takes. A probe that could not reach the engine is not remembered. */
export function layerWay(engine: Engine): Promise<LayerWay> {
  let way = ways.get(engine.docker)
  if (!way) {
    way = probe(engine)
    way.catch(() => ways.delete(engine.docker))
    ways.set(engine.docker, way)
  }
  return way
}

/** Content of its own each time: a probe must not find what an earlier one left, nor remove what a parallel one needs. */
async function probe(engine: Engine): Promise<LayerWay> {
  const nonce = randomBytes(8).toString('hex')
  const tags = { root: `${engine.prefix}/probe:${nonce}`, child: `${engine.prefix}/probe:${nonce}-child` }
  const tarOf = (name: string) => makeTar([{ kind: 'file', name, content: nonce }])
  const root = await loadRoot(engine, { tar: await tarOf('root'), config: imageConfig(mergeConfig({}, {})), tags: [tags.root] })
  try {
    const child = await loadLayer(engine, { parent: root.id, tar: await tarOf('child'), tags: [tags.child] }).catch(
      () => undefined,
    )
    if (!child) return 'commit'
    const found = await inspectImage(engine, child.id)
    return found.RootFS.Layers?.length === 2 ? 'load' : 'commit'
  } finally {
    for (const tag of [tags.child, tags.root]) {
      await engine.call('remove probe', (abortSignal) => engine.docker.getImage(tag).remove({ abortSignal })).catch(() => {})
    }
  }
}
