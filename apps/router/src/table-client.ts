// The router's end of routes.sock: takes the table, confirms each version, and
// says when a dyno that has left it is no longer in use. Connects again for
// ever; meanwhile the table that is there goes on serving.
import { connect, type Socket } from 'node:net'
import type { RouterMessage, TableMessage } from '@paas/contract/routes'
import type { TableLog } from './table-file.ts'
import { readTableMessage } from './table-message.ts'

const RECONNECT_MS = [50, 100, 200, 500, 1000] as const

/** How many drained dynos are remembered and named again to a scheduler that has come back. */
const REMEMBERED = 1000

export class TableClient {
  readonly #path: string
  /** Applies a message and returns the ids of dynos that left the table idle. */
  readonly #apply: (message: TableMessage) => string[]
  readonly #log: TableLog
  readonly #drained = new Set<string>()
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #attempts = 0
  #greeted = false
  #closed = false

  constructor(path: string, apply: (message: TableMessage) => string[], log: TableLog) {
    this.#path = path
    this.#apply = apply
    this.#log = log
  }

  connect(): void {
    const socket = connect(this.#path)
    this.#socket = socket
    this.#greeted = false
    const pending: string[] = []
    socket.setEncoding('utf8')
    socket.on('connect', () => this.#send({ kind: 'hello', pid: process.pid }))
    socket.on('data', (chunk: string) => this.#onText(chunk, pending))
    socket.on('error', () => {})
    socket.on('close', () => this.#again())
  }

  /** A dyno that had left the table has no request and no upgraded connection any more. */
  drained(dynoId: string): void {
    this.#drained.delete(dynoId)
    this.#drained.add(dynoId)
    if (this.#drained.size > REMEMBERED) this.#drained.delete(this.#drained.values().next().value!)
    if (this.#greeted) this.#send({ kind: 'drained', dynoId })
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#socket?.destroy()
  }

  /** Lines may come in pieces, and a full table is large: pieces are joined once. */
  #onText(chunk: string, pending: string[]): void {
    let from = 0
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', from)) {
      pending.push(chunk.slice(from, end))
      const line = pending.join('')
      pending.length = 0
      from = end + 1
      if (line !== '' && !this.#onLine(line)) return
    }
    if (from < chunk.length) pending.push(chunk.slice(from))
  }

  #onLine(line: string): boolean {
    let message: TableMessage
    try {
      message = readTableMessage(line)
      // What follows changes a table that this router does not have: only a full one begins.
      if (!this.#greeted && !message.full) throw new Error('the first message is not a full table')
    } catch (err) {
      this.#log.warn({ err }, 'table.refused')
      this.#socket?.destroy()
      return false
    }
    const idle = this.#apply(message)
    this.#attempts = 0
    this.#send({ kind: 'applied', version: message.version })
    if (!this.#greeted) {
      this.#greeted = true
      this.#log.info({ version: message.version, apps: message.set.length }, 'table.received')
      for (const dynoId of this.#drained) this.#send({ kind: 'drained', dynoId })
    }
    for (const dynoId of idle) this.drained(dynoId)
    return true
  }

  #again(): void {
    if (this.#closed) return
    const wait = RECONNECT_MS[Math.min(this.#attempts, RECONNECT_MS.length - 1)]!
    if (this.#attempts === 0 && this.#greeted) this.#log.warn({}, 'table.disconnected')
    this.#attempts += 1
    this.#timer = setTimeout(() => this.connect(), wait)
  }

  #send(message: RouterMessage): void {
    if (this.#socket?.writable) this.#socket.write(`${JSON.stringify(message)}\n`)
  }
}
