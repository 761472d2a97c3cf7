// The table routers go by, told over one unix socket. A router gets the whole
// table when it connects, then changes; a dyno is stopped only after every
// connected router has left it out and has no request to it open.
import { createServer, type Server, type Socket } from 'node:net'
import { type Route, RouterMessage, type TableMessage } from '@paas/contract/routes'
import { routeOf } from '@paas/domain/route-table'
import type { Logger } from '@paas/service/log'
import { listenOnSocket } from '@paas/service/socket'
import type { AppRows } from '@paas/store/world'

const APPLIED_MS = 2_000
const LINE_MAX = 64 * 1024

interface Router {
  socket: Socket
  applied: number
}

interface Leaving {
  /** The table without it. */
  version: number
  /** Routers that may still have requests to it. */
  waiting: Set<Router>
}

export class RouteServer {
  readonly #domain: string
  readonly #log: Logger
  readonly #table = new Map<string, Route>()
  readonly #json = new Map<string, string>()
  readonly #routers = new Set<Router>()
  readonly #leaving = new Map<string, Leaving>()
  /** In the table, but not for long. */
  readonly #lost = new Set<string>()
  readonly #changed = new Set<() => void>()
  #server: Server | undefined
  /** Grows over restarts too, by the clock. */
  #version = Date.now() * 1000
  #ready = false

  constructor(domain: string, log: Logger) {
    this.#domain = domain
    this.#log = log
  }

  async listen(socketPath: string): Promise<void> {
    this.#server = createServer((socket) => this.#welcome(socket))
    await listenOnSocket(this.#server, socketPath)
  }

  /** The first table is complete: from now on routers get it. An incomplete one would take apps off the air. */
  ready(): void {
    if (this.#ready) return
    this.#ready = true
    for (const router of this.#routers) this.#send(router, this.#full())
  }

  /** The app's route as its rows say; undefined rows: the app is gone. Does nothing when nothing changed. */
  publish(appId: string, rows: AppRows | undefined): void {
    const route = rows && routeOf(rows, this.#domain)
    const json = route && JSON.stringify(route)
    if (json === this.#json.get(appId)) return
    this.#version += 1
    const before = this.#table.get(appId)
    if (route && json) {
      this.#table.set(appId, route)
      this.#json.set(appId, json)
    } else {
      this.#table.delete(appId)
      this.#json.delete(appId)
    }
    const gone = (before?.dynos ?? []).map(({ id }) => id).filter((id) => !route?.dynos.some((dyno) => dyno.id === id))
    const lost = gone.filter((id) => this.#lost.delete(id))
    if (!this.#ready || this.#routers.size === 0) return
    for (const id of gone) this.#leaving.set(id, { version: this.#version, waiting: new Set(this.#routers) })
    const message = { version: this.#version, full: false, set: route ? [route] : [], remove: route ? [] : [appId], lost }
    for (const router of this.#routers) this.#send(router, message)
  }

  /** Its host is lost: when it leaves the table, routers end what they still have under way there. */
  lost(appId: string, dynoId: string): void {
    if (this.#table.get(appId)?.dynos.some(({ id }) => id === dynoId)) this.#lost.add(dynoId)
  }

  /** Resolves when every connected router has the newest table, or after 2 s. */
  async applied(): Promise<void> {
    const version = this.#version
    const behind = () => [...this.#routers].some((router) => router.applied < version)
    if (!(await this.#until(() => !behind(), APPLIED_MS, new AbortController().signal)))
      this.#log.warn({ version }, 'router.slow')
  }

  /** Resolves when no router sends the dyno anything, or has waited long enough: 2 s for the table, then `drainMs` for requests. */
  async drained(dynoId: string, drainMs: number, signal: AbortSignal): Promise<void> {
    const leaving = this.#leaving.get(dynoId)
    if (!leaving) return
    const behind = () => [...leaving.waiting].some((router) => this.#routers.has(router) && router.applied < leaving.version)
    const applied = await this.#until(() => !behind(), APPLIED_MS, signal)
    if (!applied) this.#log.warn({ dyno: dynoId, version: leaving.version }, 'router.slow')
    await this.#until(() => leaving.waiting.size === 0, drainMs, signal)
    this.#leaving.delete(dynoId)
  }

  async close(): Promise<void> {
    for (const { socket } of this.#routers) socket.destroy()
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()))
  }

  #welcome(socket: Socket): void {
    const router: Router = { socket, applied: -1 }
    this.#routers.add(router)
    let rest = ''
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > LINE_MAX) socket.destroy()
      for (const line of lines) this.#hear(router, line)
    })
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      this.#routers.delete(router)
      for (const dynoId of [...this.#leaving.keys()]) this.#lets(dynoId, router)
      this.#notify()
    })
    if (this.#ready) this.#send(router, this.#full())
  }

  #hear(router: Router, line: string): void {
    const parsed = RouterMessage.safeParse(tryJson(line))
    if (!parsed.success) return void router.socket.destroy()
    const message = parsed.data
    if (message.kind === 'applied') router.applied = message.version
    if (message.kind === 'drained') this.#lets(message.dynoId, router)
    if (message.kind !== 'hello') this.#notify()
  }

  /** This router has no request to the dyno any more; the last one to say so ends its leaving. */
  #lets(dynoId: string, router: Router): void {
    const leaving = this.#leaving.get(dynoId)
    leaving?.waiting.delete(router)
    if (leaving?.waiting.size === 0) this.#leaving.delete(dynoId)
  }

  #full(): TableMessage {
    return { version: this.#version, full: true, set: [...this.#table.values()], remove: [] }
  }

  #send({ socket }: Router, message: TableMessage): void {
    socket.write(`${JSON.stringify(message)}\n`)
  }

  #notify(): void {
    for (const check of [...this.#changed]) check()
  }

  /** True when the condition held in time. */
  #until(condition: () => boolean, ms: number, signal: AbortSignal): Promise<boolean> {
    if (condition() || signal.aborted) return Promise.resolve(condition())
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#changed.delete(check)
        signal.removeEventListener('abort', end)
        resolve(condition())
      }
      const check = () => void (condition() && end())
      const timer = setTimeout(end, ms)
      this.#changed.add(check)
      signal.addEventListener('abort', end, { once: true })
    })
  }
}

function tryJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
