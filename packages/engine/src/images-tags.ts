// An image's name as people write it, `<repository>:<version>`, taken apart.
import { invariant } from '@paas/domain/errors'

/** The engine wants both apart; the colon of a registry's port is not a version. */
export function splitTag(tag: string): { repo: string; version: string } {
  const colon = tag.lastIndexOf(':')
  invariant(colon > 0 && colon > tag.lastIndexOf('/'), `an image tag needs a version: ${tag}`)
  return { repo: tag.slice(0, colon), version: tag.slice(colon + 1) }
}
