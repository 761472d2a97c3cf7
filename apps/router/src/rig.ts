// For tests: a router on free ports, with real backends and the scheduler's
// end of the table socket.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Route, RouteDyno, RouterMessage, TableMessage } from '@paas/contract/routes'
import { paths } from '@paas/contract/settings'
import type { LogWriter } from '@paas/logs/types'
import { listenOnSocket } from '@paas/service/socket'
import { type RouterService, startRouter } from './start.ts'
import type { RouterTimeouts } from './timeouts.ts'

export interface Rig extends AsyncDisposable {
  router: RouterService
  lines: string[]
  heard: RouterMessage[]
  settings: { domain: string; bindAddress: string; httpPort: number; httpsPort: number; runDir: string; dataDir: string }
  set(...routes: Route[]): Promise<void>
  send(message: Partial<TableMessage>): Promise<void>
  /** Sends the text and resolves with everything up to the end of the connection, or until `enough` says so. */
  raw(text: string, enough?: (answer: string) => boolean): Promise<string>
  get(host: string, target?: string, headers?: string): Promise<string>
  /** Resolves with the first log line after now, or already there, that matches. */
  line(pattern: RegExp): Promise<string>
  until<T>(look: () => T | undefined | false): Promise<T>
  backend(listener: RequestListener): Promise<RouteDyno>
  rawBackend(onSocket: (socket: Socket) => void): Promise<RouteDyno>
  stopScheduler(): Promise<void>
  startScheduler(): Promise<void>
}

const silent = { info() {}, warn() {}, error() {} }

export function route(app: string, dynos: RouteDyno[], over: Partial<Route> = {}): Route {
  const base = { appId: `id-${app}`, app, domains: [`${app}.example.com`], maintenance: false, state: 'serving' as const, dynos }
  return { ...base, ...over }
}

export async function openRig(timeouts: Partial<RouterTimeouts> = {}, dirs?: { runDir: string; dataDir: string }): Promise<Rig> {
  const dir = mkdtempSync(path.join(tmpdir(), 'router-'))
  const settings = {
    domain: 'example.com',
    bindAddress: '127.0.0.1',
    httpPort: 0,
    httpsPort: 0,
    runDir: dir,
    dataDir: dir,
    ...dirs,
  }
  const lines: string[] = []
  const heard: RouterMessage[] = []
  const servers: (Server | NetServer)[] = []
  const sockets = new Set<Socket>()
  const routers = new Set<Socket>()
  const logs: LogWriter = {
    write: (_stream, { text }) => void lines.push(text),
    end() {},
    flush: async () => {},
    close: async () => {},
  }
  let version = 0
  let scheduler: NetServer | undefined

  async function until<T>(look: () => T | undefined | false): Promise<T> {
    const giveUpAt = Date.now() + 8_000
    for (;;) {
      const found = look()
      if (found) return found
      if (Date.now() > giveUpAt) throw new Error(`waited too long; log: ${lines.join('\n')}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  async function startScheduler(): Promise<void> {
    scheduler = createServer((socket) => {
      routers.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => routers.delete(socket))
      createInterface({ input: socket }).on('line', (line) => heard.push(JSON.parse(line)))
    })
    await listenOnSocket(scheduler, paths.routesSocket(settings))
  }
  async function stopScheduler(): Promise<void> {
    for (const socket of routers) socket.destroy()
    await new Promise((resolve) => scheduler!.close(resolve))
  }
  async function send(message: Partial<TableMessage>): Promise<void> {
    version += 1
    const wanted = version
    await until(() => routers.size > 0)
    for (const socket of routers) socket.write(`${JSON.stringify({ version, full: true, set: [], remove: [], ...message })}\n`)
    await until(() => heard.some((said) => said.kind === 'applied' && said.version === wanted))
  }
  async function port(server: Server | NetServer): Promise<RouteDyno> {
    servers.push(server)
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return { id: `d${port}`, name: `web.${servers.length}`, address: '127.0.0.1', port }
  }
  await startScheduler()
  const router = await startRouter({ settings, logs, log: silent, timeouts: { drainMs: 300, drainIdleMs: 20, ...timeouts } })
  const rig: Rig = {
    router,
    lines,
    heard,
    settings,
    send,
    until,
    startScheduler,
    stopScheduler,
    set: (...routes) => send({ set: routes }),
    raw: (text, enough) =>
      new Promise((resolve) => {
        let answer = ''
        const socket = connect(router.httpPort, '127.0.0.1')
        socket.setEncoding('latin1')
        socket.on('data', (chunk) => {
          answer += chunk
          if (enough?.(answer)) socket.destroy()
        })
        socket.on('error', () => {})
        socket.on('close', () => resolve(answer))
        socket.write(text, 'latin1')
      }),
    get(host, target = '/', headers = '') {
      return rig.raw(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${headers}Connection: close\r\n\r\n`)
    },
    line: (pattern) => until(() => lines.find((line) => pattern.test(line))),
    backend: (listener) => port(createHttpServer({ keepAliveTimeout: 60_000 }, listener)),
    rawBackend: (onSocket) => port(createServer({ allowHalfOpen: true }, onSocket)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      for (const server of servers) await new Promise((resolve) => server.close(resolve))
      await router.close()
      await stopScheduler()
      rmSync(dir, { recursive: true, force: true })
    },
  }
  return rig
}
