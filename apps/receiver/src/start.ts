// The receiver: git over HTTP on a unix socket behind our router, from a push
// to its verdict. See docs/design/010-receive.md.
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { paths } from '@paas/contract/settings'
import type { Service } from '@paas/service/service'
import { listenOnSocket } from '@paas/service/socket'
import { pause } from '@paas/service/wait'
import { Housekeeping } from './housekeeping.ts'
import { createGitHandler } from './http.ts'
import type { PushDeps } from './push.ts'
import { Turns } from './turns.ts'

/** A client may send slowly, and wait long for a build; but an upload of which nothing comes for this long is over. */
const SILENT_CLIENT_MS = 900_000
const HEADERS_MS = 30_000
/** For pushes under way to be told that the platform restarts. */
const CLOSE_MS = 5_000

export type ReceiverDeps = Omit<PushDeps, 'turns'>

/** Listens on `paths.receiverSocket`. Closing refuses the pushes under way, with a reason; their builds go on. */
export async function startReceiver(deps: ReceiverDeps): Promise<Service> {
  const { settings, log } = deps
  await mkdir(paths.repositories(settings), { recursive: true, mode: 0o700 })
  await mkdir(paths.sources(settings), { recursive: true, mode: 0o700 })
  const closing = new AbortController()
  const housekeeping = new Housekeeping(deps)
  const handle = createGitHandler({ ...deps, turns: new Turns(), housekeeping, closing: closing.signal })
  const exchanges = new Set<Promise<void>>()
  const server = createServer({ requestTimeout: 0, headersTimeout: HEADERS_MS }, (req, res) => {
    const exchange = handle(req, res).finally(() => exchanges.delete(exchange))
    exchanges.add(exchange)
  })
  server.setTimeout(SILENT_CLIENT_MS)
  await listenOnSocket(server, paths.receiverSocket(settings))
  log.info({ socket: paths.receiverSocket(settings) }, 'receiver.started')
  return {
    name: 'receiver',
    async close() {
      closing.abort()
      server.close()
      await Promise.race([Promise.all(exchanges), pause(CLOSE_MS)])
      server.closeAllConnections()
      await housekeeping.close()
    },
  }
}
