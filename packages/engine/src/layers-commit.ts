// The commit way: a container that never starts takes the tar and becomes the
// image. For engines that refuse a partial archive.
import { randomBytes } from 'node:crypto'
import { BULK_DEADLINE_MS, type Engine } from './client.ts'
import { mergeConfig } from './images-config.ts'
import { inspectImage } from './images-inspect.ts'
import { splitTag, tagImage } from './images-tags.ts'
import type { NewLayer } from './layers.ts'
import { openTar } from './tar.ts'

/** Ids differ from run to run, because the engine stamps the hour: find such images by tag. */
export async function commitLayer(engine: Engine, { parent, tar, config = {}, tags }: NewLayer): Promise<{ id: string }> {
  const { docker } = engine
  const below = await inspectImage(engine, parent)
  const wanted = mergeConfig(below.Config, config)
  const container = await engine.call('create layer container', (abortSignal) =>
    // Without any Cmd, in the image or here, create is refused.
    docker.createContainer({
      Image: parent,
      Cmd: ['-'],
      NetworkDisabled: true,
      name: `${engine.prefix}.layer.${randomBytes(6).toString('hex')}`,
      Labels: { 'paas.prefix': engine.prefix },
      abortSignal,
    } as never),
  )
  try {
    const { stream } = await openTar(tar)
    await engine.call('write layer', (abortSignal) => container.putArchive(stream, { path: '/', abortSignal }), {
      deadlineMs: BULK_DEADLINE_MS,
    })
    const [tag, ...others] = tags
    const first = tag === undefined ? undefined : splitTag(tag)
    const { Id: id } = (await engine.call(
      'commit layer',
      (abortSignal) =>
        container.commit({
          _query: { container: container.id, pause: false, ...(first && { repo: first.repo, tag: first.version }) },
          // Named fields win over the container's; empty ones would let its '-' through.
          _body: { ...wanted, Cmd: wanted.Cmd ?? [], Labels: wanted.Labels },
          abortSignal,
        } as object),
      { deadlineMs: BULK_DEADLINE_MS },
    )) as { Id: string }
    for (const tag of others) await tagImage(engine, id, tag)
    return { id }
  } finally {
    await engine.call('remove layer container', (abortSignal) => container.remove({ force: true, abortSignal })).catch(() => {})
  }
}
