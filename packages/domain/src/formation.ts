// The formation: how many dynos of which size each process type shall have.
import { DYNO_SIZES, findDynoSize } from './dyno-size.ts'

export interface FormationEntry {
  type: string
  quantity: number
  size: string
  /** Never more than `quantity`, even while a host is out of reach. */
  singleton?: boolean
}

export interface FormationUpdate {
  type: string
  /** A number, or Heroku's spelling: `"2"` sets, `"+1"` and `"-1"` change. */
  quantity?: number | string | undefined
  /** Name of a dyno size, in any case. */
  size?: string | undefined
}

export type FormationChange = { kind: 'refused'; message: string } | { kind: 'changed'; entries: FormationEntry[] }

/** Heroku's limit per process type. */
export const MAX_QUANTITY = 100

/** The entries that `updates` touch, as they shall be; all of them or none. */
export function planFormation(current: readonly FormationEntry[], updates: readonly FormationUpdate[]): FormationChange {
  const entries = new Map(current.map((entry) => [entry.type, entry]))
  const touched = new Set<string>()
  for (const update of updates) {
    const entry = entries.get(update.type)
    if (!entry) return refused(unknownType(update.type, [...entries.keys()]))
    const quantity = update.quantity === undefined ? entry.quantity : wantedQuantity(entry.quantity, update.quantity)
    if (quantity === undefined || quantity < 0 || quantity > MAX_QUANTITY) {
      return refused(`Quantity of ${update.type} must be a number from 0 to ${MAX_QUANTITY}`)
    }
    if (update.type === 'release' && quantity > 0) return refused('The release process runs by itself with every release')
    const size = update.size === undefined ? entry.size : findDynoSize(update.size)?.name
    if (!size) return refused(unknownSize(update.size ?? ''))
    entries.set(update.type, { type: update.type, quantity, size })
    touched.add(update.type)
  }
  return { kind: 'changed', entries: [...touched].map((type) => entries.get(type)).filter((entry) => entry !== undefined) }
}

/** Which entries a slug's process types add, and which stay only as long as an older slug (`serving`) knows them. */
export function formationForSlug(
  current: readonly FormationEntry[],
  types: readonly string[],
  serving: readonly string[],
  size: string,
): { add: FormationEntry[]; remove: string[] } {
  const first = current.length === 0
  const known = new Set(current.map(({ type }) => type))
  return {
    add: types.filter((type) => !known.has(type)).map((type) => ({ type, quantity: first && type === 'web' ? 1 : 0, size })),
    remove: [...known].filter((type) => !types.includes(type) && !serving.includes(type)),
  }
}

/** Says which sizes there are, as Heroku's CLI has nothing else to show. */
export function unknownSize(size: string): string {
  return `No such size as ${size.slice(0, 40)}. Use ${DYNO_SIZES.map(({ name }) => name).join(', ')}.`
}

function unknownType(type: string, types: readonly string[]): string {
  const known = types.length > 0 ? `This app has ${types.join(', ')}.` : 'This app has none yet: deploy it first.'
  return `Couldn't find that process type (${type.slice(0, 40)}). ${known}`
}

function wantedQuantity(now: number, wanted: number | string): number | undefined {
  if (typeof wanted === 'number') return Number.isInteger(wanted) ? wanted : undefined
  if (!/^[+-]?\d{1,6}$/.test(wanted)) return undefined
  return /^[+-]/.test(wanted) ? now + Number(wanted) : Number(wanted)
}

function refused(message: string): FormationChange {
  return { kind: 'refused', message }
}
