// The two root tars, by one run of mmdebstrap from the Debian archive.
//
// They land in a folder named by the recipe's key, by a rename at the end, so
// that a killed run leaves nothing that looks finished. See write-tars.sh.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PlatformError } from '@paas/domain/errors'
import { LAYER_MTIME } from '@paas/engine/tar'
import { aptAcquireOptions } from './apt-machine.ts'
import type { DebianSources } from './apt-sources.ts'
import { dpkgOptions, type Recipe } from './recipe.ts'

/** A slow mirror and disk included; the run takes 30 s on two cores. */
const DEADLINE_MS = 20 * 60_000

export interface RootTars {
  run: string
  build: string
}

/** Makes both tars unless they are there. Throws `stack_failed` with the last lines of the tool's output. */
export async function ensureRootTars(
  recipe: Recipe,
  sources: DebianSources,
  { workDir, onStage }: { workDir: string; onStage(stage: string): void },
): Promise<RootTars> {
  const dir = path.join(workDir, `root-${recipe.suite}-${recipe.key}`)
  const tars = { run: path.join(dir, 'run.tar'), build: path.join(dir, 'build.tar') }
  if (await stat(tars.build).catch(() => undefined)) return tars
  await mkdir(workDir, { recursive: true, mode: 0o700 })
  const outDir = await mkdtemp(path.join(workDir, 'making-'))
  try {
    await runMmdebstrap(recipe, sources, outDir, onStage)
    await Promise.all(
      ['names', 'mark', 'began', 'exclude', 'debian.sources', 'apt.conf'].map((name) =>
        rm(path.join(outDir, name), { force: true }),
      ),
    )
    await rename(outDir, dir).catch(async (error) => {
      // Another platform on this machine was quicker; its tars are the same.
      if (!(await stat(tars.build).catch(() => undefined))) throw error
    })
    return tars
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}

async function runMmdebstrap(
  recipe: Recipe,
  sources: DebianSources,
  outDir: string,
  onStage: (stage: string) => void,
): Promise<void> {
  const at = (name: string) => path.join(outDir, name)
  await writeFile(at('debian.sources'), sources.text)
  await writeFile(at('apt.conf'), await aptAcquireOptions(), { mode: 0o600 })
  await writeFile(at('began'), '')
  // A second back, so that what happens within this one counts as later.
  const began = new Date(Date.now() - 1000)
  await utimes(at('began'), began, began)
  const child = spawn(
    'mmdebstrap',
    [
      '--verbose',
      '--mode=root',
      '--variant=essential',
      '--format=null',
      `--aptopt=${at('apt.conf')}`,
      // Without it the package usrmerge drags in all of perl.
      '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
      ...dpkgOptions.map((option) => `--dpkgopt=${option}`),
      `--include=${recipe.run.join(',')}`,
      `--customize-hook=${fileURLToPath(new URL('write-tars.sh', import.meta.url))}`,
      recipe.suite,
      '-',
      at('debian.sources'),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: DEADLINE_MS,
      env: {
        ...proxyEnvironment(),
        PATH: '/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C.UTF-8',
        HOME: outDir,
        OUT_DIR: outDir,
        BUILD_PACKAGES: recipe.build.join(' '),
        FIXED_TIME: LAYER_MTIME.toISOString(),
      },
    },
  )
  const tail: string[] = []
  const read = async (stream: NodeJS.ReadableStream) => {
    for await (const line of createInterface({ input: stream })) {
      tail.push(line)
      if (tail.length > 12) tail.shift()
      const stage = stageOf(line)
      if (stage) onStage(stage)
    }
  }
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  try {
    const [code] = await Promise.all([ended, read(child.stdout), read(child.stderr)])
    if (code !== 0) throw new PlatformError('stack_failed', `mmdebstrap failed (${code ?? 'killed'}):\n${tail.join('\n')}`)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new PlatformError('stack_failed', 'mmdebstrap is not installed', { cause: error, hint: 'apt-get install mmdebstrap' })
  }
}

/** What a line of mmdebstrap, apt or our hook says about where we are; undefined for the rest. */
export function stageOf(line: string): string | undefined {
  const own = /^stage: (.*)/.exec(line)?.[1]
  if (own) return own
  if (/^I: running apt-get update/.test(line)) return 'reading the Debian archive'
  const [, verb, name] = /^(Unpacking|Setting up) ([^ :]+)/.exec(line) ?? []
  if (verb && name) return `${verb.toLowerCase()} ${name}`
  const fetched = /^Get:\d+ \S+ \S+ \S+ (\S+) \S+ \S+ \[/.exec(line)?.[1]
  return fetched && `downloading ${fetched}`
}

function proxyEnvironment(): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'TMPDIR']
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name] as string]] : [])))
}
