// The source of one build made into an image: reads, decides, compiles if it
// must, and adds the app's layer. Everything that can be asked at once is, and
// nothing is polled: a one-line change has 150 ms for all of this.
import type { Settings } from '@paas/contract/settings'
import { parseAppJson } from '@paas/domain/app-json'
import { chooseBuildpacks, explainChoice, planCompile, type Tree } from '@paas/domain/build-plan'
import { defaultProcesses, LANGUAGES, nodeRange } from '@paas/domain/default-processes'
import { PlatformError } from '@paas/domain/errors'
import { parseProcfile } from '@paas/domain/procfile'
import type { Engine } from '@paas/engine/client'
import { addLayer, findImage, type TarSource } from '@paas/engine/images'
import type { NewSlug } from '@paas/store/builds'
import { parse as parseYaml } from 'yaml'
import { makeAppLayer } from './app-layer.ts'
import type { Buildpack } from './buildpacks.ts'
import { tooLarge } from './channel.ts'
import { compile } from './compile.ts'
import { depsBytes, depsLabels, depsTag, explainMissOf, keyPartsOf, type Runtime } from './deps.ts'
import { buildDockerfile } from './dockerfile.ts'
import type { Mirrors } from './mirrors.ts'
import type { BuildOutput } from './output.ts'
import { readSource, type Source } from './source.ts'

export interface ImageDeps {
  engine: Engine
  buildpacks: ReadonlyMap<string, Buildpack>
  /** Stack version and images, and what runtime a Node.js range gets. */
  stack: { run: string; build: string; version: string }
  findNodeRuntime(range: string | undefined, say: (line: string) => void): Promise<Runtime>
  findMirrors(): Promise<Mirrors>
  /** Where Dockerfiles are built in a sandbox; undefined: this host has none, and the engine's own builder does it. */
  isolation?(): Promise<{ folder: string } | undefined>
  /** Told of an image's last layer before the engine is: there are hosts to hand it to. */
  keepLayer?(build: { appId: string; id: string }, tar: TarSource): Promise<void>
  settings: Pick<Settings, 'buildMemoryMiB' | 'buildPids' | 'slugMaxBytes'>
}

export interface ImageRequest {
  id: string
  appId: string
  commit: string
  sourcePath: string
  sourceBytes: number
  /** What the app's settings say. */
  buildpacks: readonly string[]
  env: Readonly<Record<string, string>>
}

/** Throws what `chooseBuildpacks`, `parseProcfile`, `readSource` and `compile` throw; rejects with the signal's reason when aborted. */
export async function makeImage(
  deps: ImageDeps,
  build: ImageRequest,
  output: BuildOutput,
  signal: AbortSignal,
): Promise<NewSlug> {
  const keyFiles = [...deps.buildpacks.values()].flatMap(({ keyFiles }) => keyFiles)
  const source = await readSource(build.sourcePath, build.sourceBytes, keyFiles)
  const procfile = parseProcfile(source.text('Procfile') ?? '')
  const appJson = parseAppJson(source.text('app.json') ?? '{}')
  const wishes = { app: build.buildpacks, appJson: appJson.buildpacks, dotBuildpacks: source.text('.buildpacks') }
  const choice = chooseBuildpacks(wishes, source.files)
  output.heading(explainChoice(choice))

  const made =
    choice.kind === 'dockerfile'
      ? await buildDockerfile(deps, { ...build, source }, output, signal)
      : await buildWithBuildpacks(deps, build, { source, names: choice.names }, output, signal)

  const processTypes = { ...made.defaults, ...procfile }
  discover(output, procfile, made.defaults)
  output.heading('Compressing...')
  output.detail(`Done: ${megabytes(made.bytes)}`)
  return {
    image: made.image,
    processTypes,
    healthPath: appJson.healthPath,
    language: made.language,
    bytes: made.bytes,
    buildpacks: choice.kind === 'dockerfile' ? ['dockerfile'] : choice.names,
  }
}

export interface Made {
  image: string
  /** Process types the Procfile may override. */
  defaults: Record<string, string | null>
  language: string
  /** Of what is the app's own: dependencies and app. */
  bytes: number
}

async function buildWithBuildpacks(
  deps: ImageDeps,
  build: ImageRequest,
  { source, names }: { source: Source; names: ('nodejs' | 'python' | 'static')[] },
  output: BuildOutput,
  signal: AbortSignal,
): Promise<Made> {
  const { engine, stack, settings } = deps
  const buildpacks = names.map((name) => {
    const found = deps.buildpacks.get(name)
    if (!found) throw new PlatformError('no_language', `The ${name} buildpack is not installed`)
    return found
  })
  const tree: Tree = { files: source.files, packageJson: readPackageJson(source), configVars: new Set(Object.keys(build.env)) }
  const plan = planCompile(buildpacks, tree)
  const [runtime, layer] = await Promise.all([
    names.includes('nodejs')
      ? deps.findNodeRuntime(nodeRange(tree.packageJson, source.text), (line) => output.detail(line))
      : { ref: stack.run, buildRef: stack.build, label: '' },
    makeAppLayer(source, `${build.sourcePath}.layer`),
  ])
  try {
    if (layer.ignored > 0) output.detail(`${layer.ignored} files left out by .slugignore`)
    if (layer.bytes > settings.slugMaxBytes) throw tooLarge(layer.bytes, settings.slugMaxBytes)
    if (runtime.label) output.detail(`Using ${runtime.label}`)
    const image = `${engine.prefix}/app-${build.appId}:${build.id}`
    const addApp = async (parent: string, tar: TarSource) => {
      const Labels = {
        'paas.prefix': engine.prefix,
        'paas.kind': 'app',
        'paas.app': build.appId,
        'paas.build': build.id,
        'paas.commit': build.commit,
      }
      await addLayer(engine, { parent, tar, config: { Labels }, tags: [image] })
    }
    const common = { build, runtime, stack: stack.version, source: layer, env: build.env, limits: limitsOf(settings) }
    const [buildpack] = buildpacks
    if (plan.kind === 'source' && buildpack?.hasDepsStep) {
      output.heading(`${LANGUAGES[names[0]!]} app detected`)
      const parts = keyPartsOf(source, build.env, { buildpack, stack: stack.version, runtime })
      const tag = depsTag(engine, build.appId, parts)
      const found = await findImage(engine, tag)
      let bytes = layer.bytes
      if (found) {
        output.detail('Dependencies as before')
        bytes += depsBytes(found.labels)
      } else {
        output.heading(await explainMissOf(engine, build.appId, parts))
        const labels = depsLabels(build.appId, { parts, parent: runtime.ref })
        const request = {
          ...common,
          step: 'deps' as const,
          buildpacks: [buildpack],
          mirrors: await deps.findMirrors(),
          deps: { tag, labels },
        }
        bytes += (await compile(engine, request, output, addApp, signal)).bytes
      }
      if (bytes > settings.slugMaxBytes) throw tooLarge(bytes, settings.slugMaxBytes)
      signal.throwIfAborted()
      await Promise.all([deps.keepLayer?.(build, layer.tar), addApp(tag, layer.tar)])
      return { image, defaults: defaultProcesses(names[0]!, tree), language: LANGUAGES[names[0]!], bytes }
    }
    if (plan.kind === 'compile') output.detail(`Compiling: ${plan.why}`)
    const request = { ...common, step: 'compile' as const, buildpacks, mirrors: await deps.findMirrors() }
    const { releaseYaml, bytes } = await compile(engine, request, output, addApp, signal)
    return { image, defaults: readRelease(releaseYaml), language: LANGUAGES[names.at(-1)!], bytes }
  } finally {
    await layer.dispose()
  }
}

export function limitsOf({ buildMemoryMiB, buildPids, slugMaxBytes }: ImageDeps['settings']) {
  return { memoryMiB: buildMemoryMiB, pids: buildPids, slugMaxBytes }
}

function readPackageJson(source: Source): Record<string, unknown> | undefined {
  const text = source.text('package.json')
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch (error) {
    throw new PlatformError(
      'build_failed',
      `package.json is not valid JSON: ${(error as Error).message.replace(/[\x00-\x1f\x7f-\x9f]/g, ' ')}`,
    )
  }
}

/** `default_process_types` of what `bin/release` printed; what is no map of texts is nothing. */
function readRelease(yaml: string): Record<string, string> {
  let types: unknown
  try {
    types = (parseYaml(yaml, { maxAliasCount: 10 }) as { default_process_types?: unknown } | null)?.default_process_types
  } catch {
    return {}
  }
  const entries = typeof types === 'object' && types !== null ? Object.entries(types) : []
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1] !== ''))
}

function discover(output: BuildOutput, procfile: Record<string, string>, defaults: Record<string, string | null>): void {
  output.heading('Discovering process types')
  const named = Object.keys(procfile)
  const inherited = Object.keys(defaults).filter((type) => !named.includes(type))
  output.detail(`Procfile declares types -> ${named.join(', ') || '(none)'}`)
  if (inherited.length > 0) output.detail(`Default types          -> ${inherited.join(', ')}`)
  if (named.length + inherited.length === 0)
    output.complain('No process type: add a Procfile, for example with the line  web: node server.js')
}

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1_000))}K` : `${(bytes / 1_000_000).toFixed(1)}M`
}
