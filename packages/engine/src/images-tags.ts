// An image's name, `<repository>:<version>`.
import { invariant } from '@paas/domain/errors'
import type { Engine } from './client.ts'

/** The engine wants both apart; the colon of a registry's port is not a version. */
export function splitTag(tag: string): { repo: string; version: string } {
  const colon = tag.lastIndexOf(':')
  invariant(colon > 0 && colon > tag.lastIndexOf('/'), `an image tag needs a version: ${tag}`)
  return { repo: tag.slice(0, colon), version: tag.slice(colon + 1) }
}

/** Gives the image one more name; an image that had the name loses it. */
export async function tagImage(engine: Engine, ref: string, tag: string): Promise<void> {
  const { repo, version } = splitTag(tag)
  await engine.call(`tag image ${tag}`, (abortSignal) => engine.docker.getImage(ref).tag({ repo, tag: version, abortSignal }))
}
