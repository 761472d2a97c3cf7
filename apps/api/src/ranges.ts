// Lists in pages, by Heroku's Range headers:
// `Range: version ]12..; max=15, order=desc`, answered by `Next-Range`.
// Both spellings of the options and an empty header are in use; what cannot be
// read counts as not sent, since a list is a better answer than a refusal.
import type { Context } from './request.ts'

export const DEFAULT_PAGE = 200
export const MAX_PAGE = 1000

export interface Range {
  order: 'asc' | 'desc'
  max: number
  /** Begin with this value (or behind it, when `exclusive`). */
  from: string | undefined
  exclusive: boolean
}

/** Reads the header for a list that is sorted by `field`; a range over another field keeps only `max` and `order`. */
export function parseRange(header: string, field: string): Range {
  const [, name = '', exclusive = '', from = ''] = /^\s*(\w+)\s+(\]?)([^;\s]*?)\.\.[^;]*/.exec(header) ?? []
  const max = Number(/\bmax=(\d{1,9})/.exec(header)?.[1] ?? DEFAULT_PAGE)
  const known = name === field && from !== ''
  return {
    order: /\border=desc\b/.test(header) ? 'desc' : 'asc',
    max: Math.min(Math.max(1, max), MAX_PAGE),
    from: known ? decodeURIComponent(safely(from)) : undefined,
    exclusive: known && exclusive === ']',
  }
}

/** Answers one page of `items`, which are all there are, and says where the next begins. */
export function sendList<T>(
  ctx: Context,
  items: readonly T[],
  { field, key }: { field: string; key: (item: T) => string },
  present: (item: T) => unknown,
): void {
  const range = parseRange(ctx.get('range'), field)
  const sorted = items.toSorted((a, b) => compare(key(a), key(b)) * (range.order === 'asc' ? 1 : -1))
  const { from } = range
  const rest = from === undefined ? sorted : sorted.filter((item) => isBehind(compare(key(item), from), range))
  sendPage(ctx, rest.slice(0, range.max + 1), range, { field, key }, present)
}

/** The same for a list read from the database: `items` holds one more than the page when there is a next one. */
export function sendPage<T>(
  ctx: Context,
  items: readonly T[],
  range: Range,
  { field, key }: { field: string; key: (item: T) => string },
  present: (item: T) => unknown,
): void {
  const page = items.slice(0, range.max)
  const last = page.at(-1)
  ctx.set('Accept-Ranges', field)
  if (page[0] !== undefined && last !== undefined)
    ctx.set('Content-Range', `${field} ${encodeURIComponent(key(page[0]))}..${encodeURIComponent(key(last))}`)
  ctx.status = 200
  if (items.length > range.max && last !== undefined) {
    ctx.status = 206
    ctx.set('Next-Range', `${field} ]${encodeURIComponent(key(last))}..; order=${range.order},max=${range.max}`)
  }
  ctx.body = page.map(present)
}

function isBehind(order: number, { exclusive, order: direction }: Range): boolean {
  const ahead = direction === 'asc' ? order : -order
  return exclusive ? ahead > 0 : ahead >= 0
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function safely(encoded: string): string {
  return /%(?![0-9a-f]{2})/i.test(encoded) ? encodeURIComponent(encoded) : encoded
}
