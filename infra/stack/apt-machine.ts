// What this machine's apt knows about reaching the archive: sources and the
// proxy and certificate options of its configuration.
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { PlatformError } from '@paas/domain/errors'
import { type DebianSources, debianSources } from './apt-sources.ts'
import { suites } from './recipe.ts'

/** Debian's entries of `file`, or of the machine's own sources. Throws `stack_failed` when no usable suite is among them. */
export async function readDebianSources(file: string | undefined): Promise<DebianSources> {
  const paths = file ? [file] : ['/etc/apt/sources.list', ...(await listSourcesFolder())]
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(ignoreMissing(path === file))))
  const found = file ? debianSources(texts) : debianSources(texts, await machineSuite())
  if (found && suites.includes(found.suite)) return found
  throw new PlatformError('stack_failed', `No Debian archive for the stack in ${file ?? 'the apt sources of this machine'}`, {
    hint: `Name an apt sources file with a Debian mirror of ${suites.join(' or ')} (PAAS_APT_SOURCES=/path/debian.sources).`,
  })
}

/** `Acquire::` options for http and https (proxies, certificates) as an apt configuration file. */
export async function aptAcquireOptions(): Promise<string> {
  const { stdout } = await promisify(execFile)('apt-config', ['dump'], { timeout: 10_000 })
  return stdout.replace(/^(?!Acquire::https?::\S).*\n?/gim, '')
}

async function listSourcesFolder(): Promise<string[]> {
  const names = await readdir('/etc/apt/sources.list.d').catch(() => [])
  return names
    .filter((name) => /\.(list|sources)$/.test(name))
    .sort()
    .map((name) => `/etc/apt/sources.list.d/${name}`)
}

/** The suite of a Debian machine; on another, that of the first Debian entry decides. */
async function machineSuite(): Promise<string | undefined> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^ID=debian$/m.test(release) ? /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1] : undefined
}

function ignoreMissing(named: boolean) {
  return (error: NodeJS.ErrnoException): string => {
    if (error.code === 'ENOENT' && !named) return ''
    throw new PlatformError('stack_failed', `Cannot read apt sources: ${error.message}`, { cause: error })
  }
}
