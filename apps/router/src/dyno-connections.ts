// Kept connections, one pool per dyno, so that no connection outlives its dyno
// and none is ever shared between two of them, even when an address is reused.
import { Agent } from 'node:http'
import type { LiveDyno } from '@paas/domain/router-table'

/** Idle ones per dyno; a burst may open more, and closes them afterwards. */
const MAX_IDLE = 64

export class DynoConnections {
  readonly #agents = new Map<LiveDyno, Agent>()
  readonly #idleMs: number

  constructor(idleMs: number) {
    this.#idleMs = idleMs
  }

  /** The dyno's pool; made at its first request. */
  of(dyno: LiveDyno): Agent {
    let agent = this.#agents.get(dyno)
    if (!agent) {
      agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE, timeout: this.#idleMs, scheduling: 'lifo' })
      this.#agents.set(dyno, agent)
    }
    return agent
  }

  /** Closes what the dyno still has open. */
  drop(dyno: LiveDyno): void {
    this.#agents.get(dyno)?.destroy()
    this.#agents.delete(dyno)
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
    this.#agents.clear()
  }
}
