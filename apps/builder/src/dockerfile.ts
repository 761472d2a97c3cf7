// Apps that bring a Dockerfile. FROM may name images of ours, since a public
// registry is often out of reach; what it means is put in before the build.

import { buffer } from 'node:stream/consumers'
import { basesOf, localBase, replaceBases } from '@paas/domain/dockerfile-from'
import { PlatformError } from '@paas/domain/errors'
import { buildImage } from '@paas/engine/build-image'
import { findImage } from '@paas/engine/images'
import { extract, pack } from 'tar-stream'
import { tooLarge } from './channel.ts'
import type { ImageDeps, ImageRequest, Made } from './image.ts'
import { limitsOf } from './image.ts'
import type { BuildOutput } from './output.ts'
import { pathOf, type Source } from './source.ts'

const KNOWN_NAMES = 'FROM paas/stack, paas/stack-build and paas/node:22 (any Node.js range) need no registry.'

export interface DockerfileRequest extends ImageRequest {
  source: Source
}

/** Throws `build_failed` with the step that failed. */
export async function buildDockerfile(
  deps: ImageDeps,
  build: DockerfileRequest,
  output: BuildOutput,
  signal: AbortSignal,
): Promise<Made> {
  const { engine, settings } = deps
  const text = build.source.text('Dockerfile')
  if (text === undefined) {
    throw new PlatformError('build_failed', 'There is no Dockerfile in the root of the repository', { hint: KNOWN_NAMES })
  }
  output.heading('Building the Dockerfile')
  const bases = new Map<string, string>()
  for (const name of basesOf(text)) {
    const image = await baseImageOf(deps, name, output)
    if (image) bases.set(name, image)
  }
  const image = `${engine.prefix}/app-${build.appId}:${build.id}`
  const { env } = await deps.findMirrors()
  const proxies = Object.fromEntries(Object.entries(env).filter(([name]) => /_proxy$/i.test(name)))
  const labels = {
    'paas.prefix': engine.prefix,
    'paas.kind': 'app',
    'paas.app': build.appId,
    'paas.build': build.id,
    'paas.commit': build.commit,
  }
  try {
    await buildImage(
      engine,
      {
        context: await contextOf(build.source, `${replaceBases(text, bases)}\n${labelLine(labels)}\n`),
        tag: image,
        buildArgs: proxies,
        memoryMiB: limitsOf(settings).memoryMiB,
      },
      (chunk) => output.write(chunk),
      signal,
    )
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== 'build_failed') throw error
    throw new PlatformError('build_failed', error.message, { cause: error, hint: KNOWN_NAMES })
  } finally {
    output.flush()
  }
  const [made, stack] = await Promise.all([findImage(engine, image), findImage(engine, deps.stack.run)])
  if (!made) throw new PlatformError('build_failed', 'The image went away after the build', { hint: 'Push again.' })
  const bytes = Math.max(0, made.bytes - (stack?.bytes ?? 0))
  if (bytes > settings.slugMaxBytes * 4) throw tooLarge(bytes, settings.slugMaxBytes * 4)
  return { image, defaults: { web: null }, language: 'Dockerfile', bytes }
}

async function baseImageOf(
  { stack, findNodeRuntime }: ImageDeps,
  name: string,
  output: BuildOutput,
): Promise<string | undefined> {
  const base = localBase(name)
  switch (base.kind) {
    case 'stack':
      return stack.run
    case 'stack-build':
      return stack.build
    case 'node':
      return (
        await findNodeRuntime(base.range && /^\d+$/.test(base.range) ? `${base.range}.x` : base.range, (line) =>
          output.detail(line),
        )
      ).ref
    case 'other':
      return undefined
  }
}

/** One step for all: asked for as parameters, the engine makes a step and a container of each. */
function labelLine(labels: Record<string, string>): string {
  return `LABEL ${Object.entries(labels)
    .map(([name, value]) => `${JSON.stringify(name)}=${JSON.stringify(value)}`)
    .join(' ')}`
}

/** The pushed source with the Dockerfile as it is built. The engine itself heeds .dockerignore. */
async function contextOf(source: Source, dockerfile: string): Promise<Buffer> {
  const out = pack()
  const bytes = buffer(out)
  const tar = extract()
  source.open().pipe(tar)
  for await (const entry of tar) {
    const chunks: Buffer[] = []
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk)
    const isDockerfile = pathOf(entry.header.name) === 'Dockerfile'
    const content = isDockerfile ? Buffer.from(dockerfile) : Buffer.concat(chunks)
    out.entry({ ...entry.header, size: content.length }, content)
  }
  out.finalize()
  return bytes
}
