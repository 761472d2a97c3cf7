// The load way: an archive for `images/load` that holds only what is new.
//
// The layer comes first and is hashed as it passes; manifest and config, which
// need its digest, follow. So a tar of any size is read once and never held.
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { PlatformError } from '@paas/domain/errors'
import { pack } from 'tar-stream'
import { BULK_DEADLINE_MS, type Engine } from './client.ts'
import { type ConfigText, imageConfig, mergeConfig } from './images-config.ts'
import { inspectImage } from './images-inspect.ts'
import { tagImage } from './images-tags.ts'
import type { NewLayer } from './layers.ts'
import { LAYER_MTIME, openTar, type TarSource } from './tar.ts'

/** A slow disk takes 5 s for 75 MB when its burst is used up; this is ten times that. */
const DEADLINE_MS_PER_MB = 700

/** Loads the layer over a parent that the engine has. Refused by engines that want every layer in the archive. */
export async function loadLayer(engine: Engine, { parent, tar, config = {}, tags }: NewLayer): Promise<{ id: string }> {
  const below = await inspectImage(engine, parent)
  return loadLayers(engine, {
    below: below.RootFS.Layers ?? [],
    layers: [tar],
    config: imageConfig(mergeConfig(below.Config, config), below.Architecture),
    tags,
  })
}

/** Loads a complete image of one layer; every engine takes it. */
export function loadRoot(
  engine: Engine,
  { tar, ...root }: { tar: TarSource; config: ConfigText; tags: string[] },
): Promise<{ id: string }> {
  return loadLayers(engine, { below: [], layers: [tar], ...root })
}

export interface LayerArchive {
  /** Digests of the layers under the new ones; the engine has them. */
  below: readonly string[]
  /** Lowest first. */
  layers: readonly TarSource[]
  config: ConfigText
  tags: string[]
}

type Opened = Awaited<ReturnType<typeof openTar>>

/** Loads several layers at once over a chain that the engine has, under the config that `config` makes of all digests. */
export async function loadLayers(engine: Engine, { below, layers, config, tags }: LayerArchive): Promise<{ id: string }> {
  const opened: Opened[] = []
  for (const layer of layers) opened.push(await openTar(layer))
  const bytes = opened.reduce((sum, layer) => sum + layer.bytes, 0)
  const deadlineMs = BULK_DEADLINE_MS + (bytes / 1e6) * DEADLINE_MS_PER_MB
  const loaded = await engine.call(
    `load image ${tags[0] ?? ''}`,
    async (abortSignal) => {
      const archive = pack()
      abortSignal.addEventListener('abort', () => archive.destroy())
      const written = writeArchive(archive, { below, layers: opened, config, tags })
      // A failure while writing tears the request; the answer to it says less than the reason.
      const answered = engine.docker.loadImage(
        archive as unknown as NodeJS.ReadableStream,
        { quiet: true, abortSignal } as object,
      )
      const [id, answer] = await Promise.all([written, answered])
      await readAnswer(answer as Readable, tags)
      return { id }
    },
    { deadlineMs },
  )
  // Only tagging sets the tag's time, which is an image's age to whoever clears up; load sets the name without it.
  for (const tag of tags) await tagImage(engine, loaded.id, tag)
  return loaded
}

async function writeArchive(
  archive: ReturnType<typeof pack>,
  { below, layers, config, tags }: Omit<LayerArchive, 'layers'> & { layers: readonly Opened[] },
): Promise<string> {
  const digests: string[] = []
  for (const [at, layer] of layers.entries()) digests.push(await writeLayer(archive, `new${at}/layer.tar`, layer))
  const text = config([...below, ...digests])
  const id = createHash('sha256').update(text).digest('hex')
  const names = [...below.map((_, at) => `below${at}/layer.tar`), ...digests.map((_, at) => `new${at}/layer.tar`)]
  archive.entry({ name: `${id}.json`, mtime: LAYER_MTIME }, text)
  archive.entry(
    { name: 'manifest.json', mtime: LAYER_MTIME },
    JSON.stringify([{ Config: `${id}.json`, RepoTags: tags, Layers: names }]),
  )
  archive.finalize()
  return `sha256:${id}`
}

/** Its digest, known when it has passed. */
async function writeLayer(archive: ReturnType<typeof pack>, name: string, { bytes, stream }: Opened): Promise<string> {
  const digest = createHash('sha256')
  const entry = archive.entry({ name, size: bytes, mtime: LAYER_MTIME })
  try {
    await pipeline(
      stream,
      async function* hashed(chunks) {
        for await (const chunk of chunks) {
          digest.update(chunk)
          yield chunk
        }
      },
      entry,
    )
  } catch (error) {
    archive.destroy(error as Error)
    throw error
  }
  return `sha256:${digest.digest('hex')}`
}

/** Reads the answer to its end: the engine reports refusals as lines of a 200. */
async function readAnswer(answer: Readable, tags: string[]): Promise<void> {
  let text = ''
  for await (const chunk of answer) text += chunk
  for (const line of text.split('\n').filter(Boolean)) {
    const { error } = parseLine(line)
    if (error) throw new PlatformError('engine_refused', `The Docker Engine refused to load ${tags[0] ?? 'an image'}: ${error}`)
  }
}

function parseLine(line: string): { error?: string } {
  try {
    return JSON.parse(line) as { error?: string }
  } catch {
    return {}
  }
}
