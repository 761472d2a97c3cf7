// One `git upload-pack` exchange: clones and fetches, which end with their client.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { endOf, type GitEnd, spawnGit } from '@paas/git/git'
import { bodyOf } from './transfer.ts'

/** What a client says it wants and has; 10,000 refs are 500 kB. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

export async function serveUploadPack(
  req: IncomingMessage,
  res: ServerResponse,
  { repository, protocol }: { repository: string; protocol: string | undefined },
): Promise<GitEnd> {
  const child = spawnGit(['upload-pack', '--stateless-rpc', '.'], {
    cwd: repository,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(protocol ? { env: { GIT_PROTOCOL: protocol } } : {}),
  })
  const ended = endOf(child)
  res.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result', 'cache-control': 'no-cache' })
  const stop = () => child.kill('SIGKILL')
  await Promise.all([
    pipeline(bodyOf(req, MAX_BODY_BYTES), child.stdin!).catch(() => child.stdin!.destroy()),
    pipeline(child.stdout!, res).catch(stop),
  ])
  return ended
}
