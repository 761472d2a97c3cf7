// One connect to a dyno, with its deadline, and what it says about the dyno.

import type { Socket } from 'node:net'
import { type ConnectVerdict, judgeConnect } from '@paas/domain/forward-retry'
import { accepted, setAside } from '@paas/domain/router-quarantine'
import type { LiveDyno } from '@paas/domain/router-table'
import type { DynoPool } from './dyno-pool.ts'
import type { RouterTimeouts } from './timeouts.ts'

export type DialEnd = { kind: 'stands'; socket: Socket } | { kind: 'failed'; verdict: ConnectVerdict }

export class Dial {
  readonly dyno: LiveDyno
  readonly #socket: Socket
  readonly #timeouts: RouterTimeouts
  #timer: NodeJS.Timeout | undefined
  #onEnd: ((dial: Dial, end: DialEnd) => void) | undefined

  /** Calls `onEnd` once, later, unless it is cancelled or left before. */
  constructor(dyno: LiveDyno, pool: DynoPool, timeouts: RouterTimeouts, onEnd: (dial: Dial, end: DialEnd) => void) {
    this.dyno = dyno
    this.#timeouts = timeouts
    this.#onEnd = onEnd
    this.#socket = pool.dial()
    this.#socket.once('connect', this.#onConnect)
    this.#socket.once('error', this.#onError)
    this.#socket.once('close', this.#onClose)
    this.#timer = setTimeout(() => this.#fail('ETIMEDOUT'), timeouts.connectMs)
  }

  /** Nobody needs the connection any more, but whether the dyno accepts it is still worth knowing. */
  leave(): void {
    this.#onEnd = undefined
  }

  cancel(): void {
    this.#over()
    this.#socket.destroy()
  }

  readonly #onConnect = (): void => {
    this.#over()
    accepted(this.dyno, performance.now())
    if (this.#onEnd) this.#onEnd(this, { kind: 'stands', socket: this.#socket })
    // Not kept: a dyno with a worker per connection would have one wait for a request that may never come.
    else this.#socket.destroy()
  }

  readonly #onError = (err: NodeJS.ErrnoException): void => this.#fail(err.code)
  readonly #onClose = (): void => this.#fail('ECONNRESET')

  #fail(errorCode: string | undefined): void {
    this.#over()
    this.#socket.destroy()
    const verdict = judgeConnect(errorCode)
    if (verdict.quarantine) setAside(this.dyno, verdict.quarantine, performance.now() + this.#timeouts.quarantineMs)
    this.#onEnd?.(this, { kind: 'failed', verdict })
  }

  #over(): void {
    clearTimeout(this.#timer)
    this.#socket.off('connect', this.#onConnect)
    this.#socket.off('error', this.#onError)
    this.#socket.off('close', this.#onClose)
  }
}
