// Packages from the npm registry, through the npm that came with our Node and
// this machine's own configuration: mirrors, proxies and certificates are its.
import { execFile } from 'node:child_process'
import { access, mkdtemp, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { PlatformError } from '@paas/domain/errors'

/** A package of 60 MB over a slow line. */
const DEADLINE_MS = 5 * 60_000

export interface NpmOptions {
  registry?: string | undefined
  cacheDir: string
}

/** Every published version, oldest first. */
export async function npmVersions(name: string, options: NpmOptions): Promise<string[]> {
  const found: unknown = JSON.parse(await npm(['view', name, 'versions', '--json'], options))
  return Array.isArray(found) ? (found as string[]) : [String(found)]
}

/** Downloads one version as `<dir>/*.tgz`, checked by npm against the registry's integrity value; gives its path to `use` and removes it after. */
export async function withNpmPackage<T>(
  spec: string,
  dir: string,
  options: NpmOptions,
  use: (tgz: string) => Promise<T>,
): Promise<T> {
  const into = await mkdtemp(path.join(dir, 'npm-'))
  try {
    await npm(['pack', spec, '--pack-destination', into, '--ignore-scripts'], options)
    const [tgz] = await readdir(into)
    if (!tgz) throw new PlatformError('stack_failed', `npm pack ${spec} gave no file`)
    return await use(path.join(into, tgz))
  } finally {
    await rm(into, { recursive: true, force: true })
  }
}

async function npm(args: string[], { registry, cacheDir }: NpmOptions): Promise<string> {
  const cli = await findNpmCli()
  const [command, ...first] = cli ? [process.execPath, cli] : ['npm']
  const settings = [
    '--cache',
    cacheDir,
    '--no-update-notifier',
    '--loglevel',
    'error',
    ...(registry ? ['--registry', registry] : []),
  ]
  try {
    const { stdout } = await promisify(execFile)(command as string, [...first, ...args, ...settings], {
      cwd: cacheDir,
      timeout: DEADLINE_MS,
      maxBuffer: 16 << 20,
    })
    return stdout
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    const reason = stderr.trim().split('\n').slice(-6).join('\n') || message
    throw new PlatformError('stack_failed', `npm ${args.slice(0, 2).join(' ')} failed: ${reason}`, {
      cause: error,
      hint: 'Does `npm ping` work on this machine? PAAS_NPM_REGISTRY names another registry.',
    })
  }
}

/** npm's own file beside this Node: as its packages `node-linux-*` and `npm` lie, or as Node's own archive has it. */
async function findNpmCli(): Promise<string | undefined> {
  const bin = path.dirname(process.execPath)
  for (const place of ['../../npm/bin/npm-cli.js', '../lib/node_modules/npm/bin/npm-cli.js']) {
    const cli = path.join(bin, place)
    if (
      await access(cli).then(
        () => true,
        () => false,
      )
    )
      return cli
  }
  return undefined
}
