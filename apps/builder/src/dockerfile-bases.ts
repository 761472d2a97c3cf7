// What FROM and `COPY --from` mean: names of ours, else a name the engine has
// or can pull. An image of an app is nobody's base, and an id is no name: the
// engine holds layers of every app, and would answer to any of them.
import { localBase } from '@paas/domain/dockerfile-from'
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from '@paas/engine/client'
import { findImage, type ImageFacts } from '@paas/engine/images'
import { pullImage } from '@paas/engine/images-pull'
import type { ImageDeps } from './image.ts'
import type { BuildOutput } from './output.ts'

export const KNOWN_NAMES = 'FROM paas/stack, paas/stack-build and paas/node:22 (any Node.js range) need no registry.'

export interface Base {
  /** The engine knows it by this. */
  ref: string
  /** 64 hex digits. */
  id: string
}

/** Throws `build_failed` for a name that means nothing here, or an app's image. */
export async function findBase(deps: ImageDeps, name: string, output: BuildOutput, signal: AbortSignal): Promise<Base> {
  const ref = await ourImage(deps, name, output)
  const found = ref ? await findImage(deps.engine, ref) : await otherImage(deps, name, output, signal)
  if (!found) throw refused(`The image ${name} is not there`)
  return { ref: ref ?? name, id: found.id.replace('sha256:', '') }
}

async function ourImage({ stack, findNodeRuntime }: ImageDeps, name: string, output: BuildOutput): Promise<string | undefined> {
  const base = localBase(name)
  switch (base.kind) {
    case 'stack':
      return stack.run
    case 'stack-build':
      return stack.build
    case 'node': {
      const range = base.range && /^\d+$/.test(base.range) ? `${base.range}.x` : base.range
      return (await findNodeRuntime(range, (line) => output.detail(line))).ref
    }
    case 'other':
      return undefined
  }
}

async function otherImage(
  { engine }: ImageDeps,
  name: string,
  output: BuildOutput,
  signal: AbortSignal,
): Promise<ImageFacts | undefined> {
  if (!/^[a-z0-9][a-z0-9._/:@-]*$/i.test(name)) {
    throw refused(`FROM ${name} cannot be read: name the image on the same line, with ARG defaults at most`)
  }
  const here = await findNamed(engine, name)
  if (here) return checked(name, here)
  output.detail(`Pulling ${name}`)
  await pullImage(engine, name, signal).catch((error) => {
    signal.throwIfAborted()
    throw refused(error instanceof PlatformError ? error.message : `The image ${name} could not be pulled`, error)
  })
  const pulled = await findNamed(engine, name)
  return pulled && checked(name, pulled)
}

/** By name only: the engine would also take the first digits of an id. */
async function findNamed(engine: Engine, name: string): Promise<ImageFacts | undefined> {
  const found = await findImage(engine, name)
  const full = familiar(/:[\w.-]+$|@/.test(name) ? name : `${name}:latest`)
  return found?.tags.some((tag) => familiar(tag) === full) || name.includes('@sha256:') ? found : undefined
}

/** `docker.io/library/node:22` and `node:22` are one name. */
function familiar(name: string): string {
  return name.replace(/^(docker\.io|index\.docker\.io)\//, '').replace(/^library\//, '')
}

function checked(name: string, image: ImageFacts): ImageFacts {
  if (image.labels['paas.app'] !== undefined) throw refused(`The image ${name} belongs to an app`)
  return image
}

function refused(message: string, cause?: unknown): PlatformError {
  return new PlatformError('build_failed', message, { cause, hint: KNOWN_NAMES })
}
