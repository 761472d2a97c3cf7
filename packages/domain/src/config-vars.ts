// Config vars: what may be set, and what a change makes of them.
//
// A value either comes out in the dyno's environment exactly as it went in,
// or is refused here: nothing is trimmed, quoted or cut.

export type ConfigVars = Readonly<Record<string, string>>

export type ConfigChange =
  | { kind: 'refused'; message: string }
  | { kind: 'unchanged' }
  | { kind: 'changed'; vars: ConfigVars; set: string[]; unset: string[] }

/** Of all keys and values together, as on Heroku. */
export const MAX_CONFIG_BYTES = 65_536
const MAX_KEY = 128
const KEY = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The platform sets these in every dyno, so a config var of that name could never be seen. */
const TAKEN = new Set([
  'PORT',
  'DYNO',
  'HEROKU_APP_ID',
  'HEROKU_APP_NAME',
  'HEROKU_RELEASE_VERSION',
  'HEROKU_RELEASE_CREATED_AT',
  'HEROKU_SLUG_COMMIT',
  'HEROKU_SLUG_DESCRIPTION',
])

/** Applies `changes` (a value, or null to remove) to `current`. Setting what is already so is no change. */
export function planConfigChange(current: ConfigVars, changes: Readonly<Record<string, unknown>>): ConfigChange {
  const vars = new Map(Object.entries(current))
  const set: string[] = []
  const unset: string[] = []
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) {
      if (vars.delete(key)) unset.push(key)
      continue
    }
    const message = refuseKey(key) ?? refuseValue(key, value)
    if (message) return { kind: 'refused', message }
    if (vars.get(key) === value) continue
    vars.set(key, value as string)
    set.push(key)
  }
  if (set.length + unset.length === 0) return { kind: 'unchanged' }
  const sorted = Object.fromEntries([...vars].sort(([a], [b]) => (a < b ? -1 : 1)))
  const bytes = configBytes(sorted)
  if (set.length > 0 && bytes > MAX_CONFIG_BYTES) {
    return { kind: 'refused', message: `Config vars may have ${MAX_CONFIG_BYTES} bytes in total; these would have ${bytes}` }
  }
  return { kind: 'changed', vars: sorted, set, unset }
}

/** Bytes of all keys and values in UTF-8. */
export function configBytes(vars: ConfigVars): number {
  return Object.entries(vars).reduce((sum, [key, value]) => sum + key.length + utf8Bytes(value), 0)
}

/** `Set FOO, BAR config vars`, as Heroku words it. */
export function describeConfigChange({ set, unset }: { set: readonly string[]; unset: readonly string[] }): string {
  const parts = []
  if (set.length > 0) parts.push(`Set ${list(set)} config ${set.length === 1 ? 'var' : 'vars'}`)
  if (unset.length > 0)
    parts.push(`${set.length > 0 ? 'remove' : 'Remove'} ${list(unset)} config ${unset.length === 1 ? 'var' : 'vars'}`)
  return parts.join(' and ')
}

const MAX_LISTED = 10 // a release's description stays one line

function list(keys: readonly string[]): string {
  const rest = keys.length - MAX_LISTED
  return keys.slice(0, MAX_LISTED).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

function refuseKey(key: string): string | undefined {
  if (key.length > MAX_KEY || !KEY.test(key)) {
    return `${JSON.stringify(key.slice(0, 40))} cannot be a config var's key: letters, digits and underscores, not a digit first, at most ${MAX_KEY} characters`
  }
  if (key.startsWith('__')) return `Config var keys may not begin with two underscores: ${key}`
  if (TAKEN.has(key)) return `${key} is set by the platform in every dyno`
  return undefined
}

function refuseValue(key: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return `The value of ${key} must be a string, or null to remove it`
  if (value.includes('\0')) return `The value of ${key} holds a NUL character, which no environment can carry`
  if (!value.isWellFormed()) return `The value of ${key} is not valid Unicode`
  return undefined
}

function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length
}
