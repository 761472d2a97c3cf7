// The stack: the two images under every app, made from the Debian archive.
//
//   stack        Debian root (run.tar), site layer
//   stack-build  the same, and one layer of compilers and headers (build.tar)
//
// Both are found again by version, whoever made them on this machine: another
// platform, with other names, only adds its own. See docs/design/020-images-and-layers.md.
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Engine } from '@paas/engine/client'
import { addLayer, baseImage, findImage, listImages, removeImage, tagImage } from '@paas/engine/images'
import { readDebianSources } from './apt-machine.ts'
import { startProgress } from './progress.ts'
import { readRecipe } from './recipe.ts'
import { ensureRootTars } from './root.ts'
import { readCaBundle, readLauncher, siteLayer, stackConfig } from './site.ts'

export interface StackImages {
  /** `<prefix>/stack:<version>`: what a dyno runs on. */
  run: string
  /** `<prefix>/stack-build:<version>`: the same with compilers and headers. */
  build: string
  /** `bookworm-1a2b3c4d`: suite, and hash of recipe, launcher and CA certificates. */
  version: string
}

export interface StackOptions {
  /** Keeps root tars and downloads by key; a second platform on this machine finds them here. */
  workDir: string
  /** What happens now, with the time it has taken; at least every few seconds while something is made. */
  onProgress(line: string): void
  /** Path of a sources file (deb822 or one-line) in place of the machine's own. */
  aptSources?: string | undefined
  /** Path of a PEM file with further CA certificates, over the machine's (SSL_CERT_FILE, else the system's). */
  caBundle?: string | undefined
}

/** Makes both stack images unless they are there. Throws `stack_failed`. */
export async function ensureStack(engine: Engine, options: StackOptions): Promise<StackImages> {
  const sources = await readDebianSources(options.aptSources)
  const [recipe, launcher, caBundle] = await Promise.all([
    readRecipe(sources.suite),
    readLauncher(),
    readCaBundle(options.caBundle),
  ])
  const site = await siteLayer(launcher, caBundle)
  const config = stackConfig('')
  const key = createHash('sha256')
    .update(JSON.stringify({ recipe: recipe.key, config }))
    .update(site)
    .digest('hex')
  const version = `${sources.suite}-${key.slice(0, 8)}`
  const images = { run: `${engine.prefix}/stack:${version}`, build: `${engine.prefix}/stack-build:${version}`, version }

  if ((await adopt(engine, images.run, version)) && (await adopt(engine, images.build, version))) return images

  using progress = startProgress(options.onProgress)
  progress.step(`Making the stack ${version} from the Debian archive`)
  const tars = await ensureRootTars(recipe, sources, { workDir: path.join(options.workDir, 'stack'), onStage: progress.detail })
  progress.step('Handing the run image to the Docker Engine')
  const root = `${engine.prefix}/stack-root:${version}`
  await baseImage(engine, { tar: tars.run, config: {}, tags: [root] })
  await addLayer(engine, { parent: root, tar: site, config: stackConfig(version), tags: [images.run] })
  await removeImage(engine, root)
  progress.step('Handing the build image to the Docker Engine')
  await addLayer(engine, { parent: images.run, tar: tars.build, tags: [images.build] })
  progress.step(`The stack ${version} is ready`)
  return images
}

/**
 * True when the engine has the image on this very stack (not on the one before an upgrade), under
 * our name or, tagged anew, under another platform's.
 */
export async function adopt(engine: Engine, ref: string, stackVersion: string): Promise<boolean> {
  if ((await findImage(engine, ref))?.labels['paas.stack'] === stackVersion) return true
  const suffix = ref.slice(ref.lastIndexOf('/'))
  const found = await listImages(engine, { 'paas.stack': stackVersion })
  const same = found.find(({ tags }) => tags.some((tag) => tag.endsWith(suffix)))
  if (same) await tagImage(engine, same.id, ref)
  return same !== undefined
}
