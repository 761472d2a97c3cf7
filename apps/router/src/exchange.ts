// One request of an app, from its head to its line in the app's log.
//
// This is the part that ends: whatever happens on either side comes back here
// as `done` or `fail`, once, and every path leaves the counters, the timer and
// the listeners as it found them. Talking to one dyno is `attempt.ts`.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { forwardedFor, type Hop, requestHeaders } from '@paas/domain/forward-headers'
import type { RequestHead } from '@paas/domain/forward-request'
import type { Verdict } from '@paas/domain/forward-retry'
import { choose, isBacklogFull } from '@paas/domain/router-choose'
import { ROUTER_CODES, type RouterCode } from '@paas/domain/router-codes'
import { routerLine } from '@paas/domain/router-line'
import type { LiveApp, LiveDyno } from '@paas/domain/router-table'
import type { LogWriter } from '@paas/logs/types'
import { answerPage } from './answer.ts'
import { Attempt } from './attempt.ts'
import type { DynoConnections } from './dyno-connections.ts'
import type { RouterTimeouts } from './timeouts.ts'

export interface ExchangeDeps {
  timeouts: RouterTimeouts
  connections: DynoConnections
  logs: LogWriter
  chance: () => number
  /** A dyno that has left the table has nothing under way any more. */
  onIdle: (dyno: LiveDyno) => void
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
  connectMs: number | undefined
  connectedAt: number | undefined
  /** What the client sent behind the head of an upgrade: already of the new protocol. */
  earlyBytes: Buffer | undefined
  readonly #tried: LiveDyno[] = []
  #failure: RouterCode | undefined
  #staleRetries = 0
  #dyno: LiveDyno | undefined
  /** The dyno's counters hold this request. */
  #holding = false
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
  }

  get isOpen(): boolean {
    return !this.#ended
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
  attemptFailed(verdict: Verdict): void {
    const dyno = this.#dyno
    if (this.#ended || !dyno) return
    this.#release()
    if (verdict.quarantine) {
      dyno.quarantine = verdict.quarantine
      dyno.quarantinedUntil = performance.now() + this.deps.timeouts.quarantineMs
    }
    if (verdict.retry === undefined || (verdict.retry === 'same' && (this.#staleRetries += 1) > 2)) {
      this.fail(verdict.code)
      return
    }
    if (verdict.retry === 'other') this.#tried.push(dyno)
    this.#failure = verdict.code
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
    const choice = choose(this.app, performance.now(), this.deps.chance, this.#tried, this.#failure)
    if (choice.kind === 'refuse') {
      this.fail(choice.code)
      return
    }
    if (choice.kind === 'wait') {
      this.#wait()
      return
    }
    this.#dyno = choice.dyno
    this.#dyno.requests += 1
    this.#holding = true
    this.#attempt = new Attempt(this, choice.dyno)
    this.#attempt.start(this.#staleRetries > 0)
  }

  /** The app has no dyno yet: look again at each change of the table. */
  #wait(): void {
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
    this.#attempt?.abandon()
    this.#release()
    return true
  }

  #release(): void {
    const dyno = this.#dyno
    if (!dyno || !this.#holding) return
    this.#holding = false
    if (this.#upgraded) dyno.upgraded -= 1
    else dyno.requests -= 1
    if (dyno.left && dyno.requests + dyno.upgraded === 0) this.deps.onIdle(dyno)
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
      dyno: this.#dyno?.name,
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
