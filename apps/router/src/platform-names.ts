// The platform's own names: DOMAIN, api. and git. go to the unix sockets of api
// and receiver, without the limits that hold for apps (a push or a log tail
// takes as long as it takes).
//
// http-proxy joins the two sides here, where the answer comes from our own
// stages. Before it reads a byte of the body the stage must accept a
// connection, so a restart of the control process is waited out, not reported.
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RequestHead } from '@paas/domain/forward-request'
import httpProxy from 'http-proxy'
import { answerText } from './answer.ts'

export type Stage = 'api' | 'receiver'

const RETRY_EVERY_MS = 50

export class PlatformNames {
  readonly #sockets: Record<Stage, string>
  readonly #waitMs: number
  readonly #proxy = httpProxy.createProxyServer({ toProxy: true })

  /** `waitMs`: how long a stage that does not accept is given to come back. */
  constructor(sockets: Record<Stage, string>, waitMs: number) {
    this.#sockets = sockets
    this.#waitMs = waitMs
    // This pass drops the chunked framing of a DELETE but sends its body; ours is framed already.
    const passes = this.#proxy as unknown as { webPasses: (((...args: never[]) => void) & { name: string })[] }
    passes.webPasses = passes.webPasses.filter((pass) => pass.name !== 'deleteLength')
    this.#proxy.on('proxyReq', (upstream: ClientRequest, _req: IncomingMessage, res: ServerResponse) => {
      res.once('close', () => upstream.destroy())
    })
    this.#proxy.on('proxyRes', (answer: IncomingMessage, _req, res: ServerResponse) => {
      // Ours ends with this one exchange; the client's does not.
      answer.headers.connection = res.shouldKeepAlive ? 'keep-alive' : 'close'
      delete answer.headers['keep-alive']
      delete answer.headers.trailer
      answer.once('error', () => res.destroy())
    })
  }

  /** Streams both ways; 503 when the stage stays away. */
  async forward(
    stage: Stage,
    head: RequestHead,
    headers: readonly string[],
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    req.on('error', ignore)
    res.on('error', ignore)
    if (!(await this.#accepts(stage, req.socket))) {
      this.#unavailable(stage, res)
      return
    }
    if (req.socket.destroyed) return
    if (head.expectsContinue) res.writeContinue()
    req.url = head.path
    req.headers = headersForProxy(headers)
    this.#proxy.web(req, res, { target: this.#target(stage) }, () => this.#unavailable(stage, res))
  }

  /** The same for a connection that changes its protocol. */
  async upgrade(
    stage: Stage,
    head: RequestHead,
    headers: readonly string[],
    req: IncomingMessage,
    res: ServerResponse,
    early: Buffer,
  ): Promise<void> {
    const { socket } = req
    if (!(await this.#accepts(stage, socket))) {
      this.#unavailable(stage, res)
      return
    }
    if (socket.destroyed) return
    res.detachSocket(socket)
    req.url = head.path
    req.headers = headersForProxy(headers)
    this.#proxy.ws(req, socket, early, { target: this.#target(stage) }, () => socket.destroy())
  }

  #target(stage: Stage) {
    return { socketPath: this.#sockets[stage], host: 'localhost', port: 80 }
  }

  async #accepts(stage: Stage, client: Socket): Promise<boolean> {
    const giveUpAt = performance.now() + this.#waitMs
    while (!client.destroyed) {
      if (await canConnect(this.#sockets[stage])) return true
      if (performance.now() >= giveUpAt) return false
      await sleep(RETRY_EVERY_MS)
    }
    return false
  }

  #unavailable(stage: Stage, res: ServerResponse): void {
    if (res.headersSent || res.destroyed) {
      res.destroy()
      return
    }
    const message = 'The platform is restarting or down. Running apps are not affected; try again in a moment.'
    if (stage === 'api') {
      answerText(res, 503, 'application/json', `${JSON.stringify({ id: 'service_unavailable', message, url: '' })}\n`)
    } else answerText(res, 503, 'text/plain; charset=utf-8', `${message}\n`)
  }
}

/** http-proxy takes an object: repeated names become lists. */
function headersForProxy(flat: readonly string[]): Record<string, string> {
  const out: Record<string, string | string[]> = {}
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i]!.toLowerCase()
    const before = out[name]
    out[name] = before === undefined ? flat[i + 1]! : [before, flat[i + 1]!].flat()
  }
  delete out['expect']
  return out as Record<string, string>
}

function canConnect(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function ignore(): void {}
