// Ids for things that are not rows: dyno sizes, the region, the stack, an
// app's own domain. Heroku's API gives each an id, and it must not change.
import { createHash } from 'node:crypto'

/** A UUID (version 8, RFC 9562) that follows from its name. */
export function stableId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
