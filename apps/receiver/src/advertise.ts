// The first request of a push or fetch: which refs there are, in git's words.
import type { ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { PlatformError } from '@paas/domain/errors'
import { endOf, spawnGit } from '@paas/git/git'
import { serviceHeader } from '@paas/git/pkt-line'
import type { GitService } from './request.ts'

const DEADLINE_MS = 30_000

/** Throws `push_refused` when git cannot read the repository. */
export async function advertiseRefs(
  res: ServerResponse,
  { repository, service, protocol }: { repository: string; service: GitService; protocol: string | undefined },
): Promise<void> {
  const child = spawnGit([service.replace('git-', ''), '--stateless-rpc', '--advertise-refs', '.'], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(DEADLINE_MS),
    ...(protocol ? { env: { GIT_PROTOCOL: protocol } } : {}),
  })
  const [refs, { code, stderr }] = await Promise.all([buffer(child.stdout!), endOf(child)])
  if (code !== 0) throw new PlatformError('push_refused', `git ${service} failed: ${stderr.trim()}`)
  // Version 2 of the fetch protocol answers without the service line (gitprotocol-v2(5), "HTTP Transport").
  const plain = service === 'git-upload-pack' && /(^|:)version=2(:|$)/.test(protocol ?? '')
  res.writeHead(200, { 'content-type': `application/x-${service}-advertisement`, 'cache-control': 'no-cache' })
  res.end(plain ? refs : Buffer.concat([serviceHeader(service), refs]))
}
