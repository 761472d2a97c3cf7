// All connections to one dyno: those being made, in use, upgraded and kept.
//
// Node's own Agent takes care of a connection between two requests. But it picks
// one itself, and connects when it has none; here the caller does both, because
// whether there is a connection decides which dyno gets the request. So every
// connection is an origin of its own to the Agent (`getName`), and the kept ones
// are counted here.
import { Agent, type ClientRequestArgs } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { LiveDyno } from '@paas/domain/router-table'

/** Kept per dyno; a burst may open more, and closes them afterwards. */
const MAX_IDLE = 64

/** As Node's Agent does for connections it makes. */
const PROBE_IDLE_MS = 1_000

/** Options of a request that goes over this connection. */
export interface OverConnection extends ClientRequestArgs {
  connection: Socket
}

export class DynoPool extends Agent {
  readonly #dyno: LiveDyno
  readonly #idleMs: number
  readonly #open = new Set<Duplex>()
  /** Outlives `#open`: the Agent asks once more when a connection has closed. */
  readonly #names = new WeakMap<Duplex, string>()
  readonly #idle: Duplex[] = []
  #count = 0

  constructor(dyno: LiveDyno, idleMs: number) {
    super({ keepAlive: true, timeout: idleMs })
    this.#dyno = dyno
    this.#idleMs = idleMs
  }

  /** Begins a connect; nobody hears of errors but who listens. */
  dial(): Socket {
    const { address, port } = this.#dyno
    const socket = connect({
      host: address,
      port,
      timeout: this.#idleMs,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_IDLE_MS,
    })
    this.#open.add(socket)
    this.#names.set(socket, String((this.#count += 1)))
    socket.on('error', ignore)
    socket.once('close', () => {
      this.#open.delete(socket)
      const index = this.#idle.indexOf(socket)
      if (index !== -1) this.#idle.splice(index, 1)
    })
    return socket
  }

  /** A kept connection, the one used last; undefined when there is none. */
  takeKept(): Socket | undefined {
    for (let socket = this.#idle.pop(); socket; socket = this.#idle.pop()) {
      if (!socket.destroyed && socket.writable) return socket as Socket
    }
    return undefined
  }

  /** Closes everything, under whoever uses it. */
  override destroy(): void {
    for (const socket of this.#open) socket.destroy()
    super.destroy()
  }

  override getName(options?: ClientRequestArgs): string {
    return this.#names.get((options as OverConnection).connection) ?? ''
  }

  override createConnection(options: ClientRequestArgs): Duplex {
    return (options as OverConnection).connection
  }

  override keepSocketAlive(socket: Duplex): boolean {
    // Node's types have it return nothing; it answers whether the connection may be kept.
    const keep = this.#idle.length < MAX_IDLE && (super.keepSocketAlive(socket) as unknown as boolean)
    if (keep) this.#idle.push(socket)
    return keep
  }
}

function ignore(): void {}
