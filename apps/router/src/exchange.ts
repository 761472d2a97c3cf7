// One request of an app, from its head to its line in the app's log.
//
// This is the part that ends: whatever happens on either side comes back here
// as `done` or `fail`, once, and every path leaves the counters, the timer and
// the listeners as it found them. Getting a connection is `reach.ts`, talking to
// one dyno `attempt.ts`.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { forwardedFor, type Hop, requestHeaders } from '@paas/domain/forward-headers'
import type { RequestHead } from '@paas/domain/forward-request'
import type { AttemptVerdict } from '@paas/domain/forward-retry'
import { choose, isBacklogFull } from '@paas/domain/router-choose'
import { ROUTER_CODES, type RouterCode } from '@paas/domain/router-codes'
import { routerLine } from '@paas/domain/router-line'
import type { LiveApp, LiveDyno } from '@paas/domain/router-table'
import type { LogWriter } from '@paas/logs/types'
import { answerPage } from './answer.ts'
import { Attempt } from './attempt.ts'
import { freed, Reach, type ReachDeps } from './reach.ts'

export interface ExchangeDeps extends ReachDeps {
  logs: LogWriter
  /** Once true, answers end their connections. */
  isDraining: () => boolean
}

export class Exchange {
  readonly deps: ExchangeDeps
  readonly app: LiveApp
  readonly head: RequestHead
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly hop: Hop
  readonly fwd: string
  readonly headers: string[]
  /** Body bytes sent to the client. */
  bytes = 0
  /** What the client waited for a connection, late dynos included. */
  connectMs: number | undefined
  connectedAt: number | undefined
  /** What the client sent behind the head of an upgrade: already of the new protocol. */
  earlyBytes: Buffer | undefined
  readonly #reach: Reach
  #startedAt = 0
  #resent = 0
  /** Its counters hold this request. */
  #dyno: LiveDyno | undefined
  #attempt: Attempt | undefined
  #upgraded = false
  #ended = false
  #timer: NodeJS.Timeout | undefined

  constructor(deps: ExchangeDeps, app: LiveApp, head: RequestHead, req: IncomingMessage, res: ServerResponse, hop: Hop) {
    this.deps = deps
    this.app = app
    this.head = head
    this.req = req
    this.res = res
    this.hop = hop
    this.fwd = forwardedFor(head, hop.clientAddress)
    this.headers = requestHeaders(head, req.rawHeaders, hop, this.fwd, head.upgrade !== undefined)
    this.#reach = new Reach(app, deps, this)
  }

  get isOpen(): boolean {
    return !this.#ended
  }

  /** How often the request was sent again. */
  get resent(): number {
    return this.#resent
  }

  start(): void {
    const full = isBacklogFull(this.app)
    this.app.active += 1
    this.req.socket.once('close', this.#onClientGone)
    this.res.on('error', ignore)
    this.req.on('error', ignore)
    if (full) this.fail('H11')
    else this.#next()
  }

  /** One timer per request; each phase sets it anew, bytes push it back. */
  arm(ms: number, onLate: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(onLate, ms)
  }

  progress(): void {
    this.#timer?.refresh()
  }

  /** An attempt ended before the head of an answer: another one, or the end. */
  attemptFailed({ code, retry }: AttemptVerdict): void {
    const dyno = this.#dyno
    if (this.#ended || !dyno) return
    if (retry === undefined) {
      this.fail(code)
      return
    }
    this.#release()
    this.#resent += 1
    if (retry === 'other') this.#reach.exclude(dyno, code)
    this.#next()
  }

  /** The protocol changed: it no longer counts as a request, but the dyno is still in use. */
  upgraded(): void {
    this.#upgraded = true
    this.app.active -= 1
    this.#dyno!.requests -= 1
    this.#dyno!.upgraded += 1
  }

  /** Everything was handed to the client. */
  done(status: number): void {
    if (this.#end()) this.#line(status, undefined, undefined)
  }

  /** Answers with the code's page if nothing was sent yet, else cuts the connection: the client must not take half for all. */
  fail(code: RouterCode, status: number = ROUTER_CODES[code].status, desc?: string): void {
    if (!this.#end()) return
    const { res, req, head } = this
    if (status === 499 || res.headersSent || this.#upgraded || req.socket.destroyed) req.socket.destroy()
    else {
      if (!req.complete) res.shouldKeepAlive = false
      this.bytes = answerPage(res, code, head.accept, status)
    }
    this.#line(status, code, desc)
  }

  #next(): void {
    clearTimeout(this.#timer)
    this.#startedAt = performance.now()
    this.#reach.next(this.#resent > 0)
  }

  onReached(dyno: LiveDyno, socket: Socket): void {
    this.#dyno = dyno
    this.connectedAt = performance.now()
    this.connectMs = this.connectedAt - this.#startedAt
    this.#attempt = new Attempt(this, dyno, socket)
    this.#attempt.start()
  }

  onRefused(code: RouterCode): void {
    this.fail(code)
  }

  /** Looks again at each change of the table. */
  onNone(): void {
    const { waiting } = this.app
    if (waiting.has(this.#look)) return
    waiting.add(this.#look)
    this.arm(this.deps.timeouts.bootMs, () => this.fail('H20'))
  }

  readonly #look = (): void => {
    const choice = choose(this.app, performance.now(), this.deps.chance)
    if (choice.kind === 'wait') return
    this.app.waiting.delete(this.#look)
    this.#next()
  }

  readonly #onClientGone = (): void => {
    if (this.#upgraded) this.done(101)
    else this.fail('H27')
  }

  /** False when it had ended before. */
  #end(): boolean {
    if (this.#ended) return false
    this.#ended = true
    clearTimeout(this.#timer)
    this.req.socket.off('close', this.#onClientGone)
    this.app.waiting.delete(this.#look)
    if (!this.#upgraded) this.app.active -= 1
    this.#reach.abandon()
    this.#attempt?.abandon()
    this.#release()
    return true
  }

  #release(): void {
    const dyno = this.#dyno
    if (!dyno) return
    this.#dyno = undefined
    if (this.#upgraded) dyno.upgraded -= 1
    else dyno.requests -= 1
    freed(dyno, this.deps.onIdle)
  }

  #line(status: number, code: RouterCode | undefined, desc: string | undefined): void {
    const { hop, head, connectMs, connectedAt, bytes, fwd } = this
    const text = routerLine({
      code,
      desc,
      method: head.method,
      path: head.path,
      host: head.host.hostname,
      requestId: hop.requestId,
      fwd,
      dyno: this.#reach.dyno?.name,
      connectMs,
      serviceMs: connectedAt === undefined ? undefined : performance.now() - connectedAt,
      status,
      bytes,
      protocol: hop.protocol,
    })
    this.deps.logs.write(`app:${this.app.appId}`, { source: 'heroku', dyno: 'router', text })
  }
}

function ignore(): void {}
