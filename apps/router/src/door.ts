// The first look at every request, on both public ports: is it sound, and
// whose is it? An app's goes to an Exchange, the platform's own to its stages.
import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { forwardedFor, type Hop, requestHeaders, requestIdOf } from '@paas/domain/forward-headers'
import { type BadRequest, type RequestHead, readRequestHead } from '@paas/domain/forward-request'
import { platformStage } from '@paas/domain/host-header'
import type { RouterTable } from '@paas/domain/router-table'
import { answerPage, rawAnswer } from './answer.ts'
import { Exchange, type ExchangeDeps } from './exchange.ts'
import type { PlatformNames } from './platform-names.ts'
import type { RouterTimeouts } from './timeouts.ts'

/** All header lines and the request line together; each has its own limit besides. */
export const MAX_REQUEST_HEAD = 256 * 1024

export interface DoorDeps {
  domain: string
  table: RouterTable
  exchange: ExchangeDeps
  platform: PlatformNames
}

/** Options both servers are made with: a strict parser, and no limit on how long a body takes. */
export function serverOptions(timeouts: RouterTimeouts) {
  return {
    insecureHTTPParser: false,
    requireHostHeader: false,
    maxHeaderSize: MAX_REQUEST_HEAD,
    requestTimeout: 0,
    headersTimeout: timeouts.headMs,
    keepAliveTimeout: timeouts.clientIdleMs,
    connectionsCheckingInterval: Math.min(5_000, timeouts.headMs),
    noDelay: true,
    shouldUpgradeCallback: (req: IncomingMessage) => wantsUpgrade(req),
  }
}

/** Makes the server answer for `protocol`. */
export function openDoor(server: Server, protocol: 'http' | 'https', deps: DoorDeps): void {
  const exchanges = new WeakMap<Duplex, Exchange>()
  const take = (req: IncomingMessage, res: ServerResponse, early?: Buffer) => {
    if (deps.exchange.isDraining()) res.shouldKeepAlive = false
    const exchange = route(req, res, protocol, deps, early)
    if (exchange) exchanges.set(req.socket, exchange)
    exchange?.start()
  }
  const onRequest: RequestListener = (req, res) => take(req, res)
  // Node drops headers beyond its count without a word; ours are counted, and refused.
  server.maxHeadersCount = 0
  server.on('connection', (socket: Socket) => socket.setMaxListeners(0))
  server.on('request', onRequest)
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('connect', (_req, socket: Duplex) => socket.end(rawAnswer(400, 'Bad Request')))
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, early: Buffer) =>
    take(req, responseFor(req, socket as Socket), early),
  )
  server.on('clientError', (err: NodeJS.ErrnoException, socket: Duplex) => {
    const malformed = err.code?.startsWith('HPE_') && err.code !== 'HPE_INVALID_EOF_STATE'
    const late = err.code === 'ERR_HTTP_REQUEST_TIMEOUT'
    if (!socket.writable || !(malformed || late)) {
      socket.destroy()
      return
    }
    const exchange = exchanges.get(socket)
    if (!exchange?.isOpen) {
      socket.end(late ? rawAnswer(408, 'Request Timeout') : rawAnswer(400, 'Bad Request'), () => socket.destroy())
    } else if (!exchange.req.complete) exchange.fail('H26')
    else {
      // What cannot be read follows a request that could: that one is answered, then the connection ends.
      exchange.res.shouldKeepAlive = false
      exchange.res.once('finish', () => (socket as Socket).destroySoon())
    }
  })
}

/** Answers at once, or hands to the platform's stages; else an exchange to start. */
function route(
  req: IncomingMessage,
  res: ServerResponse,
  protocol: 'http' | 'https',
  deps: DoorDeps,
  early: Buffer | undefined,
): Exchange | undefined {
  const read = readRequestHead(req)
  if ('status' in read) {
    refuse(req, res, read)
    return undefined
  }
  const head = early ? read : { ...read, upgrade: undefined }
  const hop = hopOf(req, head, protocol)
  const stage = platformStage(head.host, head.path, deps.domain)
  if (stage) {
    const headers = requestHeaders(head, req.rawHeaders, hop, forwardedFor(head, hop.clientAddress), head.upgrade !== undefined)
    if (early) deps.platform.upgrade(stage, head, headers, req, res, early)
    else deps.platform.forward(stage, head, headers, req, res)
    return undefined
  }
  const app = deps.table.find(head.host.hostname)
  if (!app) {
    res.on('error', ignore)
    answerPage(res, 'no-such-app', head.accept)
    return undefined
  }
  const exchange = new Exchange(deps.exchange, app, head, req, res, hop)
  exchange.earlyBytes = early
  return exchange
}

function refuse(req: IncomingMessage, res: ServerResponse, { status }: BadRequest): void {
  res.shouldKeepAlive = false
  res.on('error', ignore)
  req.on('error', ignore)
  answerPage(res, 'bad-request', req.headers.accept, status)
}

function hopOf({ socket }: IncomingMessage, head: RequestHead, protocol: 'http' | 'https'): Hop {
  const address = socket.remoteAddress ?? 'unknown'
  return {
    clientAddress: address.startsWith('::ffff:') ? address.slice(7) : address,
    protocol,
    port: head.host.port ?? socket.localPort ?? (protocol === 'https' ? 443 : 80),
    requestId: requestIdOf(head.requestId, randomUUID),
    now: Date.now(),
  }
}

/**
 * Changing to HTTP/2 in clear text is refused by not hearing of it, since the dyno would then see requests the
 * router does not. So is a change under a request with a body.
 */
function wantsUpgrade({ httpVersion, headers }: IncomingMessage): boolean {
  if (httpVersion !== '1.1' || headers['transfer-encoding'] !== undefined) return false
  if (headers['content-length'] !== undefined && headers['content-length'] !== '0') return false
  return !/\bh2c?\b|\bhttp\b/i.test(headers.upgrade ?? '')
}

/** Node gives upgrades a bare socket; with a response on it a refusal is answered like any other request. */
function responseFor(req: IncomingMessage, socket: Socket): ServerResponse {
  const res = new ServerResponse(req)
  res.shouldKeepAlive = false
  res.assignSocket(socket)
  socket.on('error', () => socket.destroy())
  res.on('finish', () => {
    res.detachSocket(socket)
    socket.destroySoon()
  })
  return res
}

function ignore(): void {}
