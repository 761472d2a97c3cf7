// One `git receive-pack` process: the client's pack in, git's answer out, and
// in between the hook that asks `decide`. Once the pack is complete, the
// client no longer matters: git's answer is read to its end whoever listens.
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import type { Duplex, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { endOf, type GitEnd, spawnGit } from '@paas/git/git'
import { type Conversation, openConversation } from './conversation.ts'
import { bodyOf, sendWhileConnected } from './transfer.ts'

const HOOKS = path.resolve(import.meta.dirname, '../hooks')
/** What the ref updates of one push may take beside its pack. */
const COMMANDS_BYTES = 16 * 1024 * 1024
/** How long a client that is still sending may read why git has already given up. */
const READ_REASON_MS = 2_000

export interface ReceivePackOptions {
  repository: string
  protocol: string | undefined
  packMaxBytes: number
}

/** Serves one exchange; resolves when git has ended. `decide` must end with `answer`. */
export async function serveReceivePack(
  req: IncomingMessage,
  res: ServerResponse,
  { repository, protocol, packMaxBytes }: ReceivePackOptions,
  decide: (conversation: Conversation) => Promise<void>,
): Promise<GitEnd> {
  const child = spawnGit(
    ['receive-pack', '--stateless-rpc', '.'],
    {
      cwd: repository,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
      ...(protocol ? { env: { GIT_PROTOCOL: protocol } } : {}),
    },
    { 'core.hooksPath': HOOKS, 'receive.maxInputSize': String(packMaxBytes) },
  )
  const ended = endOf(child)
  const [, , , updates, lines, verdict] = child.stdio as unknown as [Writable, Readable, Readable, Readable, Duplex, Duplex]
  verdict.resume() // both are sockets, whose other ends git and its children keep until they exit
  lines.resume()
  const conversation = openConversation(updates, lines, verdict)

  res.writeHead(200, { 'content-type': 'application/x-git-receive-pack-result', 'cache-control': 'no-cache' })
  res.flushHeaders()
  let sending = true
  const sent = pipeline(bodyOf(req, packMaxBytes + COMMANDS_BYTES), child.stdin!)
    .catch(() => child.stdin!.destroy()) // cut short: git sees the end of the pack too early, and drops it
    .finally(() => (sending = false))
  const deciding = decide(conversation).finally(() => conversation.answer('reject'))
  await sendWhileConnected(child.stdout!, res)
  const end = await ended
  for (const stream of [updates, lines, verdict]) stream.destroy()
  res.end()
  if (sending) setTimeout(() => req.destroy(), READ_REASON_MS).unref()
  await Promise.all([deciding, sent])
  return end
}
