// Starting native git: an argv array, a clean environment, and settings on
// the command line, so that neither the machine's git configuration nor a
// repository's own can change what a push may do.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

export interface GitOptions {
  cwd: string
  /** Beside the clean environment: a quarantine, a protocol version. */
  env?: Record<string, string>
  stdio: NonNullable<SpawnOptions['stdio']>
  signal?: AbortSignal
}

/** Of the platform's own choice: whoever started it may have a git of theirs first. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Blobs above this are streamed, never held in memory: an upload of 1 GB of zeros is 1 MB on the wire. */
const BIG_FILE = '8m'

const SETTINGS: Record<string, string> = {
  'core.bigFileThreshold': BIG_FILE,
  'core.packedGitLimit': '256m',
  'core.deltaBaseCacheLimit': '32m',
  'gc.auto': '0', // collected by the receiver when nobody waits, never inside a push
  'gc.autoDetach': 'false',
  'pack.windowMemory': '64m',
  'pack.threads': '1',
  'protocol.version': '2',
  'receive.autogc': 'false',
  'receive.fsckObjects': 'true',
  'receive.denyNonFastForwards': 'false',
  // Whether a delete is allowed is the push plan's to say, with a reason people can read.
  'receive.denyDeletes': 'false',
  'receive.denyDeleteCurrent': 'ignore',
  'receive.keepAlive': '5',
  // Every push is one pack: packs are synced to disk before the ref moves, loose objects are not.
  'transfer.unpackLimit': '1',
  'uploadpack.allowFilter': 'true',
}

/** Runs `git <args>`; the caller owns its pipes and waits for its end. */
export function spawnGit(
  args: readonly string[],
  { cwd, env, stdio, signal }: GitOptions,
  settings: Record<string, string> = {},
): ChildProcess {
  const configuration = Object.entries({ ...SETTINGS, ...settings }).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  return spawn('git', [...configuration, ...args], {
    cwd,
    stdio,
    ...(signal ? { signal } : {}),
    env: {
      PATH,
      HOME: '/nonexistent',
      LC_ALL: 'C.UTF-8',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_NO_REPLACE_OBJECTS: '1',
      ...env,
    },
  })
}

export interface GitEnd {
  code: number | null
  stderr: string
}

const MAX_STDERR = 4_000

/** How it ended, with the last of what it said on stderr (when that is a pipe). Never rejects: git that cannot be started ends with code null. */
export function endOf(child: ChildProcess): Promise<GitEnd> {
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-MAX_STDERR)
  })
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, stderr: stderr || error.message }))
    child.once('close', (code) => resolve({ code, stderr }))
  })
}
