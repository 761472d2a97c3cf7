// Apps that bring a Dockerfile. FROM may name images of ours, since a public
// registry is often out of reach; what it means is put in before the build.
// The build itself runs in a sandbox, or in the engine's own builder where the
// host has none (start.ts asks once).
import { buffer } from 'node:stream/consumers'
import { basesOf, replaceBases } from '@paas/domain/dockerfile-from'
import { PlatformError } from '@paas/domain/errors'
import { buildImage } from '@paas/engine/build-image'
import { buildIsolated } from '@paas/engine/build-isolated'
import { findImage } from '@paas/engine/images'
import { extract, pack } from 'tar-stream'
import { tooLarge } from './channel.ts'
import { type Base, findBase, KNOWN_NAMES } from './dockerfile-bases.ts'
import { type ImageDeps, type ImageRequest, limitsOf, type Made } from './image.ts'
import type { Mirrors } from './mirrors.ts'
import type { BuildOutput } from './output.ts'
import { pathOf, type Source } from './source.ts'

/** Others' images may be this much larger than an app of ours. */
const IMAGE_FACTOR = 4

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
  const { engine } = deps
  const text = build.source.text('Dockerfile')
  if (text === undefined) {
    throw new PlatformError('build_failed', 'There is no Dockerfile in the root of the repository', { hint: KNOWN_NAMES })
  }
  output.heading('Building the Dockerfile')
  const bases = new Map<string, Base>()
  for (const name of basesOf(text)) bases.set(name, await findBase(deps, name, output, signal))
  const image = `${engine.prefix}/app-${build.appId}:${build.id}`
  const labels = {
    'paas.prefix': engine.prefix,
    'paas.kind': 'app',
    'paas.app': build.appId,
    'paas.build': build.id,
    'paas.commit': build.commit,
  }
  const how = { image, text, bases, labels, mirrors: await deps.findMirrors() }
  try {
    const isolation = await deps.isolation?.()
    const bytes = isolation
      ? await buildInSandbox(deps, build, { ...how, folder: isolation.folder }, output, signal)
      : await buildInEngine(deps, build, how, output, signal)
    return { image, defaults: { web: null }, language: 'Dockerfile', bytes }
  } finally {
    output.flush()
  }
}

interface How {
  image: string
  text: string
  bases: ReadonlyMap<string, Base>
  labels: Record<string, string>
  mirrors: Mirrors
}

/** Answers the bytes of the app's own layers. */
async function buildInSandbox(
  { engine, settings, stack }: ImageDeps,
  build: DockerfileRequest,
  { image, text, bases, labels, mirrors, folder }: How & { folder: string },
  output: BuildOutput,
  signal: AbortSignal,
): Promise<number> {
  const ids = new Map([...bases].map(([name, { id }]) => [name, id]))
  const { bytes } = await buildIsolated(
    engine,
    {
      buildId: build.id,
      appId: build.appId,
      context: await contextOf(build.source, replaceBases(text, ids)),
      tag: image,
      labels,
      buildArgs: proxiesOf(mirrors),
      ...limitsOf(settings),
      holder: stack.run,
      bases: [...new Set(ids.values())],
      files: stepFiles(mirrors),
      maxBytes: settings.slugMaxBytes * IMAGE_FACTOR,
      folder,
    },
    (chunk) => output.write(chunk),
    signal,
  )
  return bytes
}

async function buildInEngine(
  { engine, settings, stack }: ImageDeps,
  build: DockerfileRequest,
  { image, text, bases, labels, mirrors }: How,
  output: BuildOutput,
  signal: AbortSignal,
): Promise<number> {
  const refs = new Map([...bases].map(([name, { ref }]) => [name, ref]))
  await buildImage(
    engine,
    {
      context: await contextOf(build.source, `${replaceBases(text, refs)}\n${labelLine(labels)}\n`),
      tag: image,
      buildArgs: proxiesOf(mirrors),
      memoryMiB: settings.buildMemoryMiB,
    },
    (chunk) => output.write(chunk),
    signal,
  )
  const [made, below] = await Promise.all([findImage(engine, image), findImage(engine, stack.run)])
  if (!made) throw new PlatformError('build_failed', 'The image went away after the build', { hint: 'Push again.' })
  const bytes = Math.max(0, made.bytes - (below?.bytes ?? 0))
  if (bytes > settings.slugMaxBytes * IMAGE_FACTOR) throw tooLarge(bytes, settings.slugMaxBytes * IMAGE_FACTOR)
  return bytes
}

function proxiesOf({ env }: Mirrors): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => /_proxy$/i.test(name)))
}

/** Where npm and pip of the stack look for their registries when nothing else tells them. */
function stepFiles({ env, files }: Mirrors): Record<string, string> {
  const npmrc = files.find((entry) => entry.name === 'paas/npmrc')
  const pip = Object.entries({ 'index-url': env['PIP_INDEX_URL'], 'extra-index-url': env['PIP_EXTRA_INDEX_URL'] }).filter(
    ([, url]) => url,
  )
  return {
    ...(npmrc?.kind === 'file' && { '/usr/local/etc/npmrc': npmrc.content.toString() }),
    ...(pip.length > 0 && { '/etc/pip.conf': `[global]\n${pip.map(([key, url]) => `${key} = ${url}\n`).join('')}` }),
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
