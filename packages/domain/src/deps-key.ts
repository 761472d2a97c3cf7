// The key of an app's dependencies: everything that decides what is installed,
// in named parts, so that a miss can say which part changed. The parts go
// through sha256 outside; here is only what they are.

/** Parts by name (`stack`, `node`, `package-lock.json`, …), each a short digest or version. */
export type KeyParts = Readonly<Record<string, string>>

/** The text whose digest is the key: parts in byte order, so that the order of collecting does not matter. */
export function keyText(parts: KeyParts): string {
  return Object.keys(parts)
    .sort()
    .map((name) => `${name}=${parts[name]}\n`)
    .join('')
}

/** Names of the parts in which the two differ, in byte order. */
export function changedParts(before: KeyParts, after: KeyParts): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name]).sort()
}

/** Why dependencies are installed anew, for the pusher. */
export function explainMiss(before: KeyParts | undefined, after: KeyParts): string {
  if (!before) return 'Installing dependencies: none of this app are kept yet'
  const changed = changedParts(before, after)
  return changed.length === 0
    ? 'Installing dependencies: the kept ones are gone'
    : `Installing dependencies: ${changed.join(', ')} changed`
}

/** Config vars that change what package tools install, and so belong to the key. */
export function steersInstall(name: string): boolean {
  return /^(NPM_|YARN_|PNPM_|NODE_ENV$|NODE_MODULES_CACHE$|USE_|PIP_|UV_|POETRY_|PIPENV_|DISABLE_COLLECTSTATIC$)/i.test(name)
}

/** Turns a file name pattern with * and ** into a test of paths. */
export function keyFilePattern(pattern: string): RegExp {
  const source = pattern
    .split('/')
    .map((part, at, { length }) => {
      if (part === '**') return at === length - 1 ? '.+' : '(?:.*/)?'
      return part.replace(/[.+^${}()|\\[\]?]/g, '\\$&').replaceAll('*', '[^/]*') + (at === length - 1 ? '' : '/')
    })
    .join('')
  return new RegExp(`^${source}$`)
}
