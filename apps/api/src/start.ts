// The api: HTTP on a unix socket that the router forwards to, and the releaser.
import { createServer, type Server } from 'node:http'
import { paths } from '@paas/contract/settings'
import type { LogReader, LogWriter } from '@paas/logs/types'
import type { Queues } from '@paas/queue/types'
import type { Logger } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { listenOnSocket } from '@paas/service/socket'
import type { Store } from '@paas/store/store'
import { type ApiSettings, createApi } from './app.ts'
import type { HostAuthority } from './host-authority.ts'
import { startReleaser } from './releaser.ts'

/** A whole request must have come within this time; streams of ours are answers and may last. */
const REQUEST_TIMEOUT_MS = 30_000
const HEADERS_TIMEOUT_MS = 10_000
/** Longer than the router keeps an idle connection (90 s), so that it never sends into one that we close. */
const KEEP_ALIVE_MS = 95_000
const CLOSE_DEADLINE_MS = 5_000
const IDLE_LOOK_MS = 20

export interface ApiDeps {
  store: Store
  queues: Pick<Queues, 'work'>
  logs: { reader: LogReader; writer: LogWriter }
  log: Logger
  settings: ApiSettings
  authority: HostAuthority
}

/** Listens on the api socket and makes releases of finished builds; close answers what is under way first. */
export async function startApi({ store, queues, logs, log, settings, authority }: ApiDeps): Promise<Service> {
  const closing = new AbortController()
  const { koa } = createApi({ store, logs, log, settings, authority, closing: closing.signal })
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    koa.callback(),
  )
  await listenOnSocket(server, paths.apiSocket(settings))
  const releaser = await startReleaser({ store, queues, logs, log })
  log.info({ socket: paths.apiSocket(settings) }, 'api.started')
  return {
    name: 'api',
    async close() {
      closing.abort()
      await Promise.all([closeServer(server), releaser.close()])
    },
  }
}

/** A connection becomes idle when its answer has ended, and would then be kept alive: so look more than once. */
async function closeServer(server: Server): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS)
  const late = setTimeout(() => server.closeAllConnections(), CLOSE_DEADLINE_MS)
  await new Promise<void>((resolve) => void server.close(() => resolve()))
  clearInterval(idle)
  clearTimeout(late)
}
