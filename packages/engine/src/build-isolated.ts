// A Dockerfile built by buildah in a sandbox: `RUN` steps have the limits and
// the network of a build, no host user, no way to gain rights, and a store of
// layers that no other app shares.
//
// Only layers the engine does not have yet are handed to it: buildah writes an
// OCI layout in which the base's layers are there already (as empty files: it
// asks for their names only), and ours goes in by one partial load, so a
// one-line change costs the one layer. See docs/design/030-builds.md.
import { createReadStream, createWriteStream } from 'node:fs'
import { chown, lstat, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { PlatformError } from '@paas/domain/errors'
import { ensureBase } from './build-bases.ts'
import { buildahIn } from './build-buildah.ts'
import { openSandbox, SANDBOX_UID, type Sandbox } from './build-sandbox.ts'
import type { Engine } from './client.ts'
import { imageConfig, mergeConfig, type ParentConfig } from './images-config.ts'
import { inspectImage } from './images-inspect.ts'
import { loadLayers } from './layers-load.ts'
import { openTar, type TarSource } from './tar.ts'

/** A build adds a few, one per step that changed. */
const STORE_IMAGES = 40

export interface IsolatedBuild {
  buildId: string
  appId: string
  context: TarSource
  tag: string
  labels: Record<string, string>
  buildArgs: Record<string, string>
  memoryMiB: number
  pids: number
  /** Image of the container that holds the limits; has `sleep`. */
  holder: string
  /** Ids of images that FROM names: `FROM <64 hex digits>`. */
  bases: readonly string[]
  /** Read only in every RUN step, in no layer: path in the step → content. */
  files: Readonly<Record<string, string>>
  /** Of the layers that are not the base's. */
  maxBytes: number
  /** Where stores and working folders of Dockerfile builds are. */
  folder: string
}

/** Folders of Dockerfile builds below their common one. */
export const isolatedPaths = {
  work: (folder: string, buildId: string) => path.join(folder, 'work', buildId),
  app: (folder: string, appId: string) => path.join(folder, 'apps', appId),
  bases: (folder: string) => path.join(folder, 'bases'),
}

/**
 * Builds, hands over and tags; answers the bytes of the app's own layers.
 * Throws `build_failed`; rejects with the signal's reason when aborted, and no
 * process of the build is left then.
 */
export async function buildIsolated(
  engine: Engine,
  build: IsolatedBuild,
  onOutput: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<{ bytes: number }> {
  const work = isolatedPaths.work(build.folder, build.buildId)
  const folders = { work, app: isolatedPaths.app(build.folder, build.appId), bases: isolatedPaths.bases(build.folder) }
  const sandbox = await openSandbox(engine, { ...build, ...folders, image: build.holder }, signal)
  let ended = false
  try {
    for (const id of build.bases) await ensureBase(engine, sandbox, { id, folders, onOutput }, signal)
    const image = await runBuildah(sandbox, build, work, onOutput)
    const made = await handOver(engine, sandbox, { image, work, build })
    ended = true
    return made
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    // Nobody has to wait for it when all is well; what could not be removed now is the builder's clean-up's.
    const closed = sandbox.close()
    if (!ended) await closed
  }
}

/** The id of the image in the app's store. */
async function runBuildah(
  sandbox: Sandbox,
  build: IsolatedBuild,
  work: string,
  onOutput: (chunk: Buffer) => void,
): Promise<string> {
  const { stream } = await openTar(build.context)
  const volumes = await writeFiles(work, build.files)
  const buildah = buildahIn(sandbox)
  await tidyStore(buildah, isolatedPaths.app(build.folder, build.appId))
  const argv = [
    ...['bud', '--layers', '--force-rm', '--pull=never', '--isolation', 'rootless', '--runtime', 'runc', '--network', 'host'],
    ...['--no-hosts', '--cap-drop', 'CAP_NET_RAW,CAP_MKNOD,CAP_AUDIT_WRITE,CAP_SYS_CHROOT'],
    ...['--ulimit', 'core=0:0'],
    ...Object.entries(build.buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...volumes.flatMap((volume) => ['--volume', volume]),
    ...['--iidfile', '/mnt/build/image-id', '--tag', 'localhost/app', '--file', 'Dockerfile', '-'],
  ]
  const last: string[] = []
  const exitCode = await buildah({
    argv,
    input: stream,
    onOutput(chunk) {
      last.splice(0, Math.max(0, last.length - 1), chunk.toString('utf8'))
      onOutput(chunk)
    },
  })
  if (exitCode !== 0) {
    if (await sandbox.wasOutOfMemory()) {
      throw new PlatformError('build_failed', `The build needed more than its ${build.memoryMiB} MB of memory and was killed`)
    }
    throw new PlatformError('build_failed', `The Dockerfile failed: ${reasonOf(last.join('')) || `exit code ${exitCode}`}`)
  }
  const id = /^(?:sha256:)?([0-9a-f]{64})\s*$/.exec(await readFile(`${work}/image-id`, 'utf8'))?.[1]
  if (!id) throw new PlatformError('build_failed', 'buildah did not say what it built')
  return id
}

/**
 * Takes working containers of a killed build out of the app's store, and
 * images that the last one is not made of: every cached step looks through all.
 * An app has one build at a time, so nothing of it is in use.
 */
async function tidyStore(buildah: ReturnType<typeof buildahIn>, store: string): Promise<void> {
  if ((await countEntries(`${store}/overlay-containers/containers.json`)) > 0) await buildah({ argv: ['rm', '--all'] })
  // Its exit code says that the bases, read only in here, are still there.
  if ((await countEntries(`${store}/overlay-images/images.json`)) > STORE_IMAGES) await buildah({ argv: ['rmi', '--prune'] })
}

async function countEntries(file: string): Promise<number> {
  const text = await readFile(file, 'utf8').catch(() => '[]')
  return (JSON.parse(text) as unknown[]).length
}

async function writeFiles(work: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  return Promise.all(
    Object.entries(files).map(async ([name, content], at) => {
      await writeFile(`${work}/file-${at}`, content, { mode: 0o644 })
      return `/mnt/build/file-${at}:${name}:ro`
    }),
  )
}

/** buildah names the step and its reason in one line. */
function reasonOf(output: string): string {
  const line = output.split('\n').findLast((text) => /^Error: /.test(text)) ?? ''
  return line.replace(/^Error: (building at STEP )?/, '').slice(0, 500)
}

async function handOver(
  engine: Engine,
  sandbox: Sandbox,
  { image, work, build }: { image: string; work: string; build: IsolatedBuild },
): Promise<{ bytes: number }> {
  const blobs = `${work}/oci/blobs/sha256`
  await mkdir(blobs, { recursive: true, mode: 0o700 })
  const chains = await Promise.all(
    build.bases.map(async (id) => (await inspectImage(engine, `sha256:${id}`)).RootFS.Layers ?? []),
  )
  for (const digest of new Set(chains.flat())) await writeFile(path.join(blobs, hexOf(digest)), '')
  for (const folder of [`${work}/oci`, `${work}/oci/blobs`, blobs]) await chown(folder, SANDBOX_UID, SANDBOX_UID)
  let said = ''
  const exitCode = await buildahIn(sandbox)({
    argv: ['push', '--quiet', image, 'oci:/mnt/build/oci:app'],
    onOutput: (chunk) => {
      said = (said + chunk).slice(-500)
    },
  })
  if (exitCode !== 0) throw new PlatformError('build_failed', `The image could not be taken out of its store: ${said.trim()}`)

  const index = (await readJson(`${work}/oci/index.json`)) as { manifests: { digest: string }[] }
  const manifest = (await readJson(blobs, index.manifests[0]?.digest)) as {
    config: { digest: string }
    layers: { digest: string }[]
  }
  const config = (await readJson(blobs, manifest.config.digest)) as {
    config?: ParentConfig
    architecture?: string
    rootfs: { diff_ids: string[] }
  }
  const diffIds = config.rootfs.diff_ids
  const below = chains
    .filter((chain) => chain.every((digest, at) => digest === diffIds[at]))
    .reduce((longest, chain) => (chain.length > longest.length ? chain : longest), [])
  let bytes = 0
  const layers: string[] = []
  for (const { digest } of manifest.layers.slice(below.length)) {
    const blob = path.join(blobs, hexOf(digest))
    const tar = `${blob}.tar`
    bytes += await unpackLayer(blob, tar, build.maxBytes - bytes)
    layers.push(tar)
  }
  await loadLayers(engine, {
    below,
    layers,
    config: imageConfig(mergeConfig(config.config ?? {}, { Labels: build.labels }), config.architecture),
    tags: [build.tag],
  })
  return { bytes }
}

/** Its bytes unpacked; a layer past the limit is not written to its end. */
async function unpackLayer(blob: string, tar: string, maxBytes: number): Promise<number> {
  const { isFile } = await lstat(blob).then((found) => ({ isFile: found.isFile() }))
  if (!isFile) throw new PlatformError('build_failed', 'buildah wrote a layer that is no file')
  let bytes = 0
  await pipeline(
    createReadStream(blob),
    createGunzip(),
    async function* counted(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        bytes += chunk.length
        if (bytes > maxBytes)
          throw new PlatformError('build_failed', `The layers of the Dockerfile are larger than ${Math.round(maxBytes / 1e6)} MB`)
        yield chunk
      }
    },
    createWriteStream(tar, { mode: 0o600 }),
  )
  return bytes
}

async function readJson(folder: string, digest?: string): Promise<unknown> {
  const file = digest === undefined ? folder : path.join(folder, hexOf(digest))
  if (!(await lstat(file)).isFile()) throw new PlatformError('build_failed', 'buildah wrote no image')
  return JSON.parse(await readFile(file, 'utf8'))
}

function hexOf(digest: string): string {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1]
  if (!hex) throw new PlatformError('build_failed', 'buildah wrote an image without digests')
  return hex
}
