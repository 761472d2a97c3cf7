// Where a ref points now.
import { PlatformError } from '@paas/domain/errors'
import { endOf, spawnGit } from './git.ts'

const DEADLINE_MS = 10_000

/** The full sha a ref points at (`refs/heads/main`, in full), or undefined when there is no such ref. */
export async function readRef(repository: string, ref: string): Promise<string | undefined> {
  const child = spawnGit(['rev-parse', '--verify', '--quiet', '--end-of-options', ref], {
    cwd: repository,
    env: { GIT_DIR: repository },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(DEADLINE_MS),
  })
  let text = ''
  child.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  const { code, stderr } = await endOf(child)
  if (code === 1) return undefined // `--verify --quiet`: no such ref
  const sha = /^[0-9a-f]{40}(?=\n$)/.exec(text)?.[0]
  if (code !== 0 || !sha) throw new PlatformError('push_refused', `The app's repository could not be read: ${stderr.trim()}`)
  return sha
}
