// Which Node.js an app gets: the newest published one that its range allows.
import { PlatformError } from '@paas/domain/errors'
import semver from 'semver'

/** The LTS line when this was written; apps that ask for nothing get it. Moving it is a decision, not an accident of the day. */
export const DEFAULT_NODE_RANGE = '26.x'

/** Before 18, npm of today does not run. */
const OLDEST = '>=18'

/**
 * The newest of `published` within `range` (package.json `engines.node`, `.nvmrc`, `.node-version`). Nothing, `lts/*`, `node` and `*`
 * mean the default line; a range open at the top (`>=18`) takes the default line too when it may. Throws `build_failed`.
 */
export function chooseNodeVersion(range: string | undefined, published: readonly string[]): string {
  const wanted = (range ?? '').trim()
  const any = ['', '*', 'x', 'latest', 'node', 'stable'].includes(wanted) || /^lts\//.test(wanted)
  const usable = published.filter((version) => semver.prerelease(version) === null && semver.satisfies(version, OLDEST))
  const newest = (spec: string, among = usable) => semver.maxSatisfying(among, spec) ?? undefined
  if (any) return newest(DEFAULT_NODE_RANGE) ?? refuse(DEFAULT_NODE_RANGE, usable)
  if (semver.validRange(wanted) === null) {
    throw new PlatformError('build_failed', `${JSON.stringify(wanted)} is not a Node.js version range`, {
      hint: 'In package.json: "engines": { "node": "26.x" }',
    })
  }
  const allowed = usable.filter((version) => semver.satisfies(version, wanted))
  return newest(DEFAULT_NODE_RANGE, allowed) ?? newest('*', allowed) ?? refuse(wanted, usable)
}

/** The npm line that came with this Node, which is the one its users expect. */
export function npmRangeFor(nodeVersion: string): string {
  return semver.major(nodeVersion) < 24 ? '10.x' : '11.x'
}

function refuse(range: string, usable: readonly string[]): never {
  const lines = [...new Set(usable.map((version) => semver.major(version)))].sort((a, b) => a - b)
  throw new PlatformError('build_failed', `No published Node.js satisfies ${range}`, {
    hint: `The registry has ${lines.map((line) => `${line}.x`).join(', ') || 'none'}.`,
  })
}
