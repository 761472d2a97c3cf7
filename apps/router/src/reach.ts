// From an app to a connection that stands: chooses a dyno, takes a kept
// connection to it or dials.
//
// A dyno whose host has vanished answers nothing at all, and nobody should wait
// 5 s to find out. So when a dial is late and nothing else is heard of its dyno,
// another one is dialled beside it, and whichever accepts first gets the request
// (RFC 8305, with dynos for addresses). Only connects are doubled. The request is
// written when one stands, and to that one.

import type { Socket } from 'node:net'
import { choose, chooseBeside } from '@paas/domain/router-choose'
import type { RouterCode } from '@paas/domain/router-codes'
import { isTrusted, suspect } from '@paas/domain/router-quarantine'
import type { LiveApp, LiveDyno } from '@paas/domain/router-table'
import { Dial, type DialEnd } from './dial.ts'
import type { DynoConnections } from './dyno-connections.ts'
import type { RouterTimeouts } from './timeouts.ts'

export interface ReachDeps {
  timeouts: RouterTimeouts
  connections: DynoConnections
  chance: () => number
  /** A dyno that has left the table has nothing under way any more. */
  onIdle: (dyno: LiveDyno) => void
}

/** What comes of `Reach.next`: one of these, at once or later. */
export interface ReachEnds {
  /** A connection that stands; the dyno counts one request more. */
  onReached(dyno: LiveDyno, socket: Socket): void
  onRefused(code: RouterCode): void
  /** The app has no dyno yet. */
  onNone(): void
}

export class Reach {
  readonly #app: LiveApp
  readonly #deps: ReachDeps
  readonly #ends: ReachEnds
  /** Dialled, late ones included, or found unable in another way. */
  readonly #tried: LiveDyno[] = []
  readonly #dials = new Set<Dial>()
  #failure: RouterCode | undefined
  #timer: NodeJS.Timeout | undefined
  /** The last one that was turned to. */
  dyno: LiveDyno | undefined

  constructor(app: LiveApp, deps: ReachDeps, ends: ReachEnds) {
    this.#app = app
    this.#deps = deps
    this.#ends = ends
  }

  /** `fresh`: on a connection of its own, never a kept one. */
  next(fresh: boolean): void {
    const choice = choose(this.#app, performance.now(), this.#deps.chance, this.#tried, this.#failure)
    if (choice.kind === 'dyno') this.#turnTo(choice.dyno, fresh)
    else if (this.#dials.size > 0) return
    else if (choice.kind === 'wait') this.#ends.onNone()
    else this.#ends.onRefused(choice.code)
  }

  /** This dyno failed the request after all: not again. */
  exclude(dyno: LiveDyno, failure: RouterCode): void {
    if (!this.#tried.includes(dyno)) this.#tried.push(dyno)
    this.#failure = failure
  }

  /** Nobody wants a connection any more. */
  abandon(): void {
    clearTimeout(this.#timer)
    for (const dial of this.#dials) {
      dial.cancel()
      this.#free(dial)
    }
  }

  #turnTo(dyno: LiveDyno, fresh: boolean): void {
    const { connections, timeouts } = this.#deps
    const pool = connections.of(dyno)
    const kept = fresh || !isTrusted(dyno) ? undefined : pool.takeKept()
    this.dyno = dyno
    dyno.requests += 1
    if (kept) {
      this.#reached(dyno, kept)
      return
    }
    if (!isTrusted(dyno)) this.#suspect(dyno, performance.now()) // this request finds out, for all
    this.#tried.push(dyno)
    this.#dials.add(new Dial(dyno, pool, timeouts, this.#onDialEnd))
    this.#watch()
  }

  #watch(): void {
    clearTimeout(this.#timer)
    // The look comes after what has arrived meanwhile: when this process was held up, no dyno is late.
    this.#timer = setTimeout(() => setImmediate(this.#onLate), this.#deps.timeouts.besideMs)
  }

  readonly #onLate = (): void => {
    if (this.#dials.size === 0) return
    const now = performance.now()
    const since = now - this.#deps.timeouts.besideMs
    const dynos = [...this.#dials].map(({ dyno }) => dyno)
    for (const dyno of dynos) this.#suspect(dyno, since)
    // One that is heard of has only much to do, and gets to this connection as well.
    const beside = dynos.every(({ heardAt }) => heardAt < since)
      ? chooseBeside(this.#app, now, this.#deps.chance, this.#tried)
      : undefined
    if (beside) this.#turnTo(beside, false)
    else this.#watch()
  }

  readonly #onDialEnd = (dial: Dial, end: DialEnd): void => {
    this.#dials.delete(dial)
    if (end.kind === 'stands') {
      this.dyno = dial.dyno
      this.#reached(dial.dyno, end.socket)
      return
    }
    const { verdict } = end
    this.#free(dial)
    this.#failure = verdict.code
    if (verdict.retry) this.next(false)
    else if (this.#dials.size === 0) this.#ends.onRefused(verdict.code)
  }

  #reached(dyno: LiveDyno, socket: Socket): void {
    clearTimeout(this.#timer)
    for (const dial of this.#dials) {
      dial.leave()
      this.#free(dial)
    }
    this.#ends.onReached(dyno, socket)
  }

  #suspect(dyno: LiveDyno, since: number): void {
    const now = performance.now()
    suspect(dyno, since, now, now + this.#deps.timeouts.quarantineMs)
  }

  #free(dial: Dial): void {
    this.#dials.delete(dial)
    dial.dyno.requests -= 1
    freed(dial.dyno, this.#deps.onIdle)
  }
}

/** To be called when a dyno counts one less: the last one lets a dyno that has left the table go. */
export function freed(dyno: LiveDyno, onIdle: (dyno: LiveDyno) => void): void {
  if (dyno.left && dyno.requests + dyno.upgraded === 0) onIdle(dyno)
}
