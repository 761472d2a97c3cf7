// One try to get an answer from one dyno, over a connection that stands, on
// Node's own HTTP client.
//
// http-proxy is not used here: it hands over the body before the connection
// stands, so no retry would be safe, and lets an exception out when a dyno
// answers with headers that Node refuses to send (docs/design/060-route.md).
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { responseHeaders } from '@paas/domain/forward-headers'
import { judgeFailure } from '@paas/domain/forward-retry'
import { answered } from '@paas/domain/router-quarantine'
import type { LiveDyno } from '@paas/domain/router-table'
import type { OverConnection } from './dyno-pool.ts'
import type { Exchange } from './exchange.ts'
import { switchProtocols } from './upgrade.ts'

/** Of all response headers together; each line has its own limit of 512 kB. */
const MAX_RESPONSE_HEAD = 1024 * 1024

export class Attempt {
  readonly #exchange: Exchange
  readonly #dyno: LiveDyno
  readonly #connection: Socket
  #request: ClientRequest | undefined
  /** Bytes of the body may have left. */
  #pumping = false
  #requestSent = false
  #answering = false
  #answered = false
  #response: IncomingMessage | undefined
  #over = false

  constructor(exchange: Exchange, dyno: LiveDyno, connection: Socket) {
    this.#exchange = exchange
    this.#dyno = dyno
    this.#connection = connection
  }

  start(): void {
    const { head, headers, deps } = this.#exchange
    const options: OverConnection = {
      connection: this.#connection,
      method: head.method,
      path: head.path,
      headers,
      agent: deps.connections.of(this.#dyno),
      maxHeaderSize: MAX_RESPONSE_HEAD,
      setDefaultHeaders: false,
    }
    let request: ClientRequest
    try {
      request = httpRequest(options)
    } catch {
      this.#connection.destroy()
      this.#exchange.fail('H26', 400, 'Bad request target')
      return
    }
    this.#request = request
    request.maxHeadersCount = 0
    request.on('continue', () => this.#pump())
    request.on('response', (response) => this.#onResponse(response))
    request.on('upgrade', (response, socket, early) => this.#onUpgrade(response, socket, early))
    request.on('error', (err: NodeJS.ErrnoException) => this.#onError(err.code))
    request.on('close', () => this.#onError('ECONNRESET'))
    if (!head.body) {
      this.#requestSent = true
      request.end()
      this.#exchange.arm(deps.timeouts.firstByteMs, () => this.#exchange.fail('H12'))
      return
    }
    request.flushHeaders()
    if (head.expectsContinue) this.#exchange.arm(deps.timeouts.continueMs, () => this.#pump())
    else this.#pump()
  }

  /** Called once the exchange has ended, well or not: a connection that is not cleanly at its end is closed. */
  abandon(): void {
    if (this.#over) return
    this.#over = true
    const { req } = this.#exchange
    req.off('data', this.#onBody)
    req.off('end', this.#onBodyEnd)
    if (this.#pumping) req.resume()
    if (!this.#answered || !this.#requestSent) this.#request?.destroy()
  }

  /** Hands the body over as it comes; the dyno's pace holds the client back. */
  #pump(): void {
    if (this.#pumping || this.#over) return
    this.#pumping = true
    const { req, res, head, deps } = this.#exchange
    if (head.expectsContinue && !res.headersSent) res.writeContinue()
    this.#exchange.arm(deps.timeouts.idleMs, this.#onUploadIdle)
    req.on('data', this.#onBody)
    req.on('end', this.#onBodyEnd)
    this.#request!.on('drain', () => {
      this.#exchange.progress()
      if (!this.#over) req.resume()
    })
  }

  readonly #onBody = (chunk: Buffer): void => {
    this.#exchange.progress()
    if (!this.#request!.write(chunk)) this.#exchange.req.pause()
  }

  readonly #onBodyEnd = (): void => {
    this.#requestSent = true
    this.#request!.end()
    if (this.#answering) return
    this.#exchange.arm(this.#exchange.deps.timeouts.firstByteMs, () => this.#exchange.fail('H12'))
  }

  readonly #onUploadIdle = (): void => {
    this.#exchange.fail(this.#request!.writableNeedDrain ? 'H15' : 'H28')
  }

  #onResponse(response: IncomingMessage): void {
    if (this.#over) {
      response.destroy()
      return
    }
    answered(this.#dyno, performance.now())
    const exchange = this.#exchange
    const { res, head, deps } = exchange
    const headers = responseHeaders(response)
    if (typeof headers === 'string') {
      exchange.fail(headers)
      return
    }
    // The client still holds its body back: what follows on this connection could be either, so nothing may.
    if ((head.expectsContinue && !this.#pumping) || deps.isDraining()) res.shouldKeepAlive = false
    try {
      res.writeHead(response.statusCode!, response.statusMessage, headers)
    } catch {
      exchange.fail('H17')
      return
    }
    this.#answering = true
    this.#response = response
    exchange.arm(deps.timeouts.idleMs, () => exchange.fail(res.writableNeedDrain || this.#answered ? 'H28' : 'H15'))
    response.on('data', (chunk: Buffer) => {
      exchange.bytes += chunk.length
      exchange.progress()
      if (!res.write(chunk)) response.pause()
    })
    res.on('drain', () => {
      exchange.progress()
      response.resume()
    })
    response.on('end', () => this.#onResponseEnd(response))
    response.on('error', () => this.#onError('ECONNRESET'))
    setImmediate(() => {
      if (exchange.bytes === 0 && !res.writableEnded && !res.destroyed) res.flushHeaders()
    })
  }

  #onResponseEnd(response: IncomingMessage): void {
    if (this.#over) return
    if (!response.complete) {
      this.#onError('ECONNRESET')
      return
    }
    const exchange = this.#exchange
    this.#answered = true
    exchange.res.end(() => exchange.done(response.statusCode!))
  }

  #onUpgrade(response: IncomingMessage, socket: Socket, early: Buffer): void {
    if (this.#over) {
      socket.destroy()
      return
    }
    if (switchProtocols(this.#exchange, response, socket, early)) {
      this.#answered = true
      this.#requestSent = true
    } else {
      socket.destroy()
      this.#exchange.fail('H17')
    }
  }

  #onError(errorCode: string | undefined): void {
    // What goes wrong on the connection behind a whole answer does not concern it: its end is still to be read.
    if (this.#over || this.#answered || this.#response?.complete) return
    const exchange = this.#exchange
    if (this.#answering) {
      exchange.fail('H18')
      return
    }
    const verdict = judgeFailure({
      errorCode,
      reused: this.#request!.reusedSocket,
      hasBody: exchange.head.body !== undefined,
      bodySent: this.#pumping,
      method: exchange.head.method,
      lost: this.#dyno.lost,
      resent: exchange.resent,
    })
    this.abandon()
    exchange.attemptFailed(verdict)
  }
}
