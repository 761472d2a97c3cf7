// The image of the link between hosts: WireGuard, iproute2 and iptables from
// the Debian archive, and the script that runs them.
//
// Made when the first other host is added, never before: one machine alone
// needs none. Packages are only unpacked: nothing of them has to be set up.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Engine } from '@paas/engine/client'
import { addLayer, baseImage, findImage, listImages, removeImage, tagImage } from '@paas/engine/images'
import { LAYER_MTIME, makeTar } from '@paas/engine/tar'
import { readDebianSources } from './apt-machine.ts'
import type { DebianSources } from './apt-sources.ts'
import { runMmdebstrap } from './mmdebstrap.ts'
import { startProgress } from './progress.ts'
import { dpkgOptions } from './recipe.ts'
import type { StackOptions } from './stack.ts'

const LABEL = 'paas.link'
const PACKAGES = ['busybox-static', 'iproute2', 'iptables', 'wireguard-tools', 'wireguard-go']
/** Perl comes with iproute2's questions at installation, character sets with the C library. */
const LEFT_OUT = ['/usr/share/*', '/usr/lib/*/gconv/*', '/usr/lib/*/perl-base/*', '/usr/bin/perl*']

const CONFIG = { Entrypoint: ['/link/link'], Cmd: ['run'], Env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Makes the image on this engine unless it is there; answers its name, `<prefix>/link:<version>`. The root is fetched from the archive once and kept in `workDir`. Throws `stack_failed`. */
export async function ensureLinkImage(
  engine: Engine,
  options: Pick<StackOptions, 'workDir' | 'onProgress' | 'aptSources'>,
): Promise<string> {
  const sources = await readDebianSources(options.aptSources)
  const root = await rootKey(sources.suite)
  const layer = await programLayer()
  const version = `${sources.suite}-${createHash('sha256').update(root).update(layer).update(JSON.stringify(CONFIG)).digest('hex').slice(0, 8)}`
  const ref = `${engine.prefix}/link:${version}`
  if (await adopt(engine, ref, version)) return ref

  using progress = startProgress(options.onProgress)
  progress.step(`Making the link image ${version} from the Debian archive`)
  const tar = await ensureRootTar(sources, path.join(options.workDir, 'stack'), root, progress.detail)
  progress.step('Handing the link image to the Docker Engine')
  const base = `${engine.prefix}/link-root:${version}`
  await baseImage(engine, { tar, config: {}, tags: [base] })
  await addLayer(engine, {
    parent: base,
    tar: layer,
    config: { ...CONFIG, Labels: { [LABEL]: version } },
    tags: [ref],
  })
  await removeImage(engine, base)
  return ref
}

/** Of everything that decides the root, the archive's state apart. */
async function rootKey(suite: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([suite, PACKAGES, LEFT_OUT, dpkgOptions, process.arch]))
  return hash
    .update(await readFile(file('link-root.sh')))
    .digest('hex')
    .slice(0, 16)
}

async function programLayer(): Promise<Buffer> {
  return makeTar([
    { kind: 'directory', name: 'link' },
    { kind: 'directory', name: 'link/state' },
    { kind: 'file', name: 'link/link', content: await readFile(file('link.sh')), executable: true },
    { kind: 'symlink', name: 'var/run', target: '/run' }, // where wireguard-go and wg meet
  ])
}

/** True when the engine has it, under our name or, tagged anew, under another platform's. */
async function adopt(engine: Engine, ref: string, version: string): Promise<boolean> {
  if ((await findImage(engine, ref))?.labels[LABEL] === version) return true
  const [same] = await listImages(engine, { [LABEL]: version })
  if (same) await tagImage(engine, same.id, ref)
  return same !== undefined
}

async function ensureRootTar(
  sources: DebianSources,
  workDir: string,
  key: string,
  onStage: (stage: string) => void,
): Promise<string> {
  const kept = path.join(workDir, `link-${sources.suite}-${key}.tar`)
  if (await isThere(kept)) return kept
  await mkdir(workDir, { recursive: true, mode: 0o700 })
  const dir = await mkdtemp(path.join(workDir, 'making-'))
  try {
    const tar = path.join(dir, 'root.tar')
    await runMmdebstrap({
      sources,
      workDir: dir,
      options: [
        '--variant=extract',
        ...[...dpkgOptions, ...LEFT_OUT.map((files) => `path-exclude=${files}`)].map((option) => `--dpkgopt=${option}`),
        `--include=${PACKAGES.join(',')}`,
        `--extract-hook=${file('link-root.sh')}`,
      ],
      env: { OUT: tar, FIXED_TIME: LAYER_MTIME.toISOString() },
      onStage,
    })
    await rename(tar, kept)
    return kept
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
