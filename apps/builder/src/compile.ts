// Running buildpacks in a build container, and taking what they made: layers
// go from the container's stdout into the engine while they are read.
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { PlatformError } from '@paas/domain/errors'
import { runBuildContainer } from '@paas/engine/build-container'
import type { Engine } from '@paas/engine/client'
import { addLayer, findImage } from '@paas/engine/images'
import { DYNO_UID, makeTar, type TarEntry } from '@paas/engine/tar'
import type { AppLayer } from './app-layer.ts'
import type { Buildpack } from './buildpacks.ts'
import { type ChannelMessage, readMessages, tooLarge } from './channel.ts'
import { bytesLabel, depsBytes, depsContentTag, depsLabels, knownDigests, type Runtime } from './deps.ts'
import { cacheVolume } from './disk.ts'
import type { Mirrors } from './mirrors.ts'
import type { BuildOutput } from './output.ts'

export interface CompileRequest {
  build: { id: string; appId: string; commit: string }
  /** `deps` installs dependencies and takes those only; `compile` takes everything. */
  step: 'deps' | 'compile'
  buildpacks: Buildpack[]
  runtime: Runtime
  stack: string
  source: AppLayer
  /** Config vars: files in /env. */
  env: Readonly<Record<string, string>>
  mirrors: Mirrors
  limits: { memoryMiB: number; pids: number; slugMaxBytes: number }
  /** Name and labels of the deps image in step `deps`. */
  deps?: { tag: string; labels: Record<string, string> }
}

export interface CompileResult {
  /** The image to put the app's layer on. */
  parent: string
  /** What `bin/release` of the last buildpack printed. */
  releaseYaml: string
  labels: string[]
  /** Bytes of the layers made or found. */
  bytes: number
}

/** Where the app's layer of step `compile` goes, as soon as it comes. */
export type AddAppLayer = (parent: string, tar: { bytes: number; stream: Readable }) => Promise<void>

const script = readFile(new URL('../container/build', import.meta.url))

/** Throws `build_failed` with the step that failed and what it said last; rejects with the signal's reason when aborted. */
export async function compile(
  engine: Engine,
  request: CompileRequest,
  output: BuildOutput,
  addAppLayer: AddAppLayer,
  signal: AbortSignal,
): Promise<CompileResult> {
  const { build, buildpacks, runtime, limits } = request
  const depsPaths = buildpacks.flatMap(({ depsPaths }) => depsPaths)
  const known = request.step === 'compile' && depsPaths.length > 0 ? await knownDigests(engine, build.appId, runtime.ref) : []
  const result: CompileResult = { parent: runtime.ref, releaseYaml: '', labels: [], bytes: 0 }
  let failure: PlatformError | undefined
  let done = false

  async function take(message: ChannelMessage): Promise<void> {
    switch (message.kind) {
      case 'detected':
        result.labels.push(message.label)
        break
      case 'refused':
        failure = new PlatformError('build_failed', `The ${message.buildpack} buildpack does not recognise this app`, {
          hint: 'Its files belong into the root of the repository.',
        })
        break
      case 'failed':
        failure = failed(message.buildpack, message.exitCode, output)
        break
      case 'release':
        result.releaseYaml = message.yaml
        break
      case 'known-deps': {
        const tag = depsContentTag(engine, build.appId, runtime.ref, message.digest)
        const found = await findImage(engine, tag)
        if (!found)
          throw new PlatformError('build_failed', 'The kept dependencies went away during the build', { hint: 'Push again.' })
        output.detail('Dependencies as before')
        result.parent = tag
        result.bytes += depsBytes(found.labels)
        break
      }
      case 'tar':
        result.bytes += message.bytes
        if (result.bytes > limits.slugMaxBytes) throw tooLarge(result.bytes, limits.slugMaxBytes)
        if (message.name === 'deps') result.parent = await addDeps(message)
        else await addAppLayer(result.parent, message)
        break
      case 'done':
        done = true
        break
    }
  }

  async function addDeps({ bytes, stream, digest }: Extract<ChannelMessage, { kind: 'tar' }>): Promise<string> {
    const deps = request.deps ?? {
      tag: depsContentTag(engine, build.appId, runtime.ref, digest),
      labels: depsLabels(build.appId, { parent: runtime.ref, digest }),
    }
    const Labels = { 'paas.prefix': engine.prefix, ...deps.labels, ...bytesLabel(bytes) }
    await addLayer(engine, { parent: runtime.ref, tar: { bytes, stream }, config: { Labels }, tags: [deps.tag] })
    return deps.tag
  }

  const { exitCode, oomKilled } = await runBuildContainer(
    engine,
    {
      buildId: build.id,
      appId: build.appId,
      image: runtime.buildRef,
      command: ['/bin/bash', '/paas/build'],
      env: {
        ...request.mirrors.env,
        STACK: request.stack,
        SOURCE_VERSION: build.commit,
        REQUEST_ID: build.id,
        SOURCE_DATE_EPOCH: '946684800', // Python stamps compiled files with it
        PAAS_STEP: request.step,
        PAAS_BUILDPACKS: buildpacks.map(({ name }) => name).join(' '),
        PAAS_DEPS_PATHS: depsPaths.join(' '),
        PAAS_KNOWN_DEPS: known.join(' '),
      },
      cacheVolume: cacheVolume(engine, build.appId),
      archives: [await equipment(request), ...buildpacks.map(({ tar }) => tar), request.source.tar],
      memoryMiB: limits.memoryMiB,
      pids: limits.pids,
    },
    {
      onOutput: (chunk) => output.write(chunk),
      async readChannel(channel) {
        for await (const message of readMessages(channel, limits.slugMaxBytes)) await take(message)
      },
    },
    signal,
  )
  output.flush()
  if (oomKilled) {
    throw new PlatformError('build_failed', `The build needed more than its ${limits.memoryMiB} MB of memory and was killed`, {
      hint: 'Node.js: NODE_OPTIONS=--max-old-space-size=… in the build script limits its heap.',
    })
  }
  if (failure) throw failure
  if (!done) throw new PlatformError('build_failed', `The build container ended before its work was done (exit code ${exitCode})`)
  return result
}

/** Our script, mirrors, config vars as files only the build may read, and the folders it writes to. */
function equipment({ env, mirrors }: CompileRequest): Promise<Buffer> {
  const folders: TarEntry[] = ['cache', 'env', 'buildpacks'].map((name) => ({ name, kind: 'directory', uid: DYNO_UID }))
  const vars = Object.entries(env).map(
    ([name, content]): TarEntry => ({ name: `env/${name}`, kind: 'file', content, uid: DYNO_UID }),
  )
  return script.then((content) => makeTar([...mirrors.files, { name: 'paas/build', kind: 'file', content }, ...folders, ...vars]))
}

function failed(buildpack: string, exitCode: number, output: BuildOutput): PlatformError {
  const reason = output.last.findLast((line) => line.startsWith(' !')) ?? output.last.at(-1)
  const why = exitCode === 137 ? 'it was killed, most likely for memory' : `exit code ${exitCode}`
  const said = reason ? `: ${reason.replace(/^ !\s*/, '').trim()}` : ''
  return new PlatformError('build_failed', `The ${buildpack} buildpack failed (${why})${said}`)
}
