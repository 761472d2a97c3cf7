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
  return load(engine, {
    below: below.RootFS.Layers ?? [],
    tar,
    config: imageConfig(mergeConfig(below.Config, config), below.Architecture),
    tags,
  })
}

/** Loads a complete image of one layer; every engine takes it. */
export function loadRoot(engine: Engine, root: { tar: TarSource; config: ConfigText; tags: string[] }): Promise<{ id: string }> {
  return load(engine, { below: [], ...root })
}

interface Archive {
  /** Digests of the layers under the new one. */
  below: readonly string[]
  tar: TarSource
  config: ConfigText
  tags: string[]
}

async function load(engine: Engine, { below, tar, config, tags }: Archive): Promise<{ id: string }> {
  const { bytes, stream } = await openTar(tar)
  const deadlineMs = BULK_DEADLINE_MS + (bytes / 1e6) * DEADLINE_MS_PER_MB
  const loaded = await engine.call(
    `load image ${tags[0] ?? ''}`,
    async (abortSignal) => {
      const archive = pack()
      abortSignal.addEventListener('abort', () => archive.destroy())
      const written = writeArchive(archive, { below, bytes, stream, config, tags })
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
  { below, bytes, stream, config, tags }: Omit<Archive, 'tar'> & { bytes: number; stream: Readable },
): Promise<string> {
  const digest = createHash('sha256')
  const entry = archive.entry({ name: 'new/layer.tar', size: bytes, mtime: LAYER_MTIME })
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
  const text = config([...below, `sha256:${digest.digest('hex')}`])
  const id = createHash('sha256').update(text).digest('hex')
  const layers = [...below.map((_, at) => `below${at}/layer.tar`), 'new/layer.tar']
  archive.entry({ name: `${id}.json`, mtime: LAYER_MTIME }, text)
  archive.entry(
    { name: 'manifest.json', mtime: LAYER_MTIME },
    JSON.stringify([{ Config: `${id}.json`, RepoTags: tags, Layers: layers }]),
  )
  archive.finalize()
  return `sha256:${id}`
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
