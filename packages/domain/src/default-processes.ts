// What an app runs when its Procfile does not say: the same answer that
// `bin/release` of each built-in buildpack gives, for builds that run none.
import type { BuiltIn, Tree } from './build-plan.ts'

export const LANGUAGES: { [K in BuiltIn]: string } = { nodejs: 'Node.js', python: 'Python', static: 'Static site' }

/** Commands by process type; empty when the language has no convention. */
export function defaultProcesses(name: BuiltIn, { files, packageJson }: Tree): Record<string, string> {
  if (name !== 'nodejs') return {}
  const scripts = packageJson?.['scripts']
  const starts = typeof scripts === 'object' && scripts !== null && 'start' in scripts
  return starts || files.has('server.js') ? { web: 'npm start' } : {}
}

/** The Node.js versions an app asks for, as a range; undefined when it does not say. */
export function nodeRange(packageJson: Tree['packageJson'], text: (name: string) => string | undefined): string | undefined {
  const engines = packageJson?.['engines']
  const node = typeof engines === 'object' && engines !== null ? (engines as Record<string, unknown>)['node'] : undefined
  if (typeof node === 'string' && node.trim() !== '') return node.trim()
  for (const name of ['.nvmrc', '.node-version']) {
    const [line = ''] = (text(name) ?? '').split(/\r\n|\r|\n/)
    if (line.trim() !== '') return line.trim()
  }
  return undefined
}
