// The router: public HTTP in, dyno out. It needs nothing but its table, so it
// starts from the copy on disk and serves while everything else is down.
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TableMessage } from '@paas/contract/routes'
import { paths, type Settings } from '@paas/contract/settings'
import { type LiveDyno, RouterTable } from '@paas/domain/router-table'
import type { LogWriter } from '@paas/logs/types'
import { watchCertificate } from '@paas/service/certificate'
import type { Service } from '@paas/service/service'
import { type DoorDeps, openDoor, serverOptions } from './door.ts'
import { drain } from './drain.ts'
import { DynoConnections } from './dyno-connections.ts'
import { listenPublic } from './listen.ts'
import { PlatformNames } from './platform-names.ts'
import { TableClient } from './table-client.ts'
import { TableFile, type TableLog } from './table-file.ts'
import { type RouterTimeouts, TIMEOUTS } from './timeouts.ts'

export type RouterSettings = Pick<Settings, 'domain' | 'bindAddress' | 'httpPort' | 'httpsPort' | 'runDir' | 'dataDir'>

export interface RouterDeps {
  settings: RouterSettings
  logs: LogWriter
  log: TableLog
  timeouts?: Partial<RouterTimeouts>
}

export interface RouterService extends Service {
  readonly httpPort: number
  /** Undefined until there is a certificate. */
  readonly httpsPort: number | undefined
}

/** Throws `port_taken`. The HTTPS port opens once there is a certificate. */
export async function startRouter({ settings, logs, log, timeouts: changed }: RouterDeps): Promise<RouterService> {
  const timeouts = { ...TIMEOUTS, ...changed }
  const table = new RouterTable()
  const connections = new DynoConnections(timeouts.dynoIdleMs)
  const snapshot = (): TableMessage => ({
    version: table.version,
    full: true,
    set: table.routes as TableMessage['set'],
    remove: [],
  })
  const file = new TableFile(paths.routerTable(settings), snapshot, log)

  function retire(dyno: LiveDyno): void {
    connections.drop(dyno)
    client.drained(dyno.id)
  }
  function apply(message: TableMessage): string[] {
    const idle = table.apply(message).filter((dyno) => dyno.requests + dyno.upgraded === 0)
    for (const dyno of idle) connections.drop(dyno)
    connections.lose(message.lost ?? [])
    file.changed()
    return idle.map(({ id }) => id)
  }
  const client = new TableClient(paths.routesSocket(settings), apply, log)
  const saved = file.load()
  if (saved) {
    table.apply(saved)
    log.info({ version: saved.version, apps: saved.set.length }, 'table.loaded')
  }

  let draining = false
  const deps: DoorDeps = {
    domain: settings.domain,
    table,
    exchange: { timeouts, connections, logs, chance: Math.random, onIdle: retire, isDraining: () => draining },
    platform: new PlatformNames(
      { api: paths.apiSocket(settings), receiver: paths.receiverSocket(settings) },
      timeouts.platformMs,
    ),
  }
  const sockets = new Set<Socket>()
  const http = createServer(serverOptions(timeouts))
  keep(http, sockets)
  openDoor(http, 'http', deps)
  const httpPort = await listenPublic(http, settings.bindAddress, settings.httpPort)

  let https: TlsServer | undefined
  let httpsPort: number | undefined
  const stopWatching = await watchCertificate(
    { cert: paths.certificate(settings), key: paths.certificateKey(settings) },
    async (pair) => {
      if (https) {
        https.setSecureContext(pair)
        return
      }
      const server = createTlsServer({ ...serverOptions(timeouts), ...pair })
      keep(server, sockets)
      openDoor(server, 'https', deps)
      httpsPort = await listenPublic(server, settings.bindAddress, settings.httpsPort)
      https = server
    },
    log,
    timeouts.certificateMs,
  )
  client.connect()
  log.info({ httpPort, httpsPort }, 'router.started')

  return {
    name: 'router',
    httpPort,
    get httpsPort() {
      return httpsPort
    },
    async close() {
      draining = true
      stopWatching()
      await drain(https ? [http, https] : [http], () => sockets.size === 0, timeouts.drainMs, timeouts.drainIdleMs)
      for (const socket of sockets) socket.destroy()
      client.close()
      connections.close()
      await file.close()
    },
  }
}

/** Every open client connection, upgraded ones included: those Node's own server no longer knows. */
function keep(server: Server, sockets: Set<Socket>): void {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
}
