// One run of mmdebstrap: a root of packages from the machine's Debian archive,
// with a deadline, and what it does told on the way.
import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { PlatformError } from '@paas/domain/errors'
import { aptAcquireOptions } from './apt-machine.ts'
import type { DebianSources } from './apt-sources.ts'

/** A slow mirror and disk included; the largest run takes 30 s on two cores. */
const DEADLINE_MS = 20 * 60_000

export interface Mmdebstrap {
  sources: DebianSources
  /** For its own files while it runs. */
  workDir: string
  options: string[]
  /** For the hook that writes down what was made; mmdebstrap itself writes nothing. */
  env: Record<string, string>
  onStage(stage: string): void
}

/** Throws `stack_failed` with the last lines of the tool's output. */
export async function runMmdebstrap({ sources, workDir, options, env, onStage }: Mmdebstrap): Promise<void> {
  const list = path.join(workDir, 'debian.sources')
  const aptConfig = path.join(workDir, 'apt.conf')
  await writeFile(list, sources.text)
  await writeFile(aptConfig, await aptAcquireOptions(), { mode: 0o600 })
  const child = spawn(
    'mmdebstrap',
    [
      '--verbose',
      '--mode=root',
      `--aptopt=${aptConfig}`,
      // Without it the package usrmerge drags in all of perl.
      '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
      '--format=null',
      ...options,
      sources.suite,
      '-',
      list,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: DEADLINE_MS,
      env: {
        ...proxyEnvironment(),
        PATH: '/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin',
        LC_ALL: 'C.UTF-8',
        HOME: workDir,
        ...env,
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
  } finally {
    await Promise.all([rm(list, { force: true }), rm(aptConfig, { force: true })])
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
