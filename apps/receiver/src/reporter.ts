// What the pusher hears: lines as they come, and when none does, what we are
// waiting for. Routers and people both give up on a silent connection.
import { stillLine } from '@paas/domain/push-text'

const QUIET_MS = 20_000 // something is heard at least every 25 s, with the tick below
const TICK_MS = 1_000

export class Reporter {
  readonly #write: (line: string) => Promise<void>
  readonly #timer: NodeJS.Timeout
  #spokenAt = performance.now()
  #doing = 'checking'
  #since = performance.now()

  constructor(write: (line: string) => Promise<void>) {
    this.#write = write
    this.#timer = setInterval(() => this.#breakSilence(), TICK_MS)
  }

  /** Resolves when the pusher can take more. */
  async say(...lines: string[]): Promise<void> {
    for (const line of lines) {
      this.#spokenAt = performance.now()
      await this.#write(line)
    }
  }

  /** What is going on from now on, for the lines that break a silence. */
  doing(what: string): void {
    if (what === this.#doing) return
    this.#doing = what
    this.#since = performance.now()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #breakSilence(): void {
    const now = performance.now()
    if (now - this.#spokenAt < QUIET_MS) return
    this.#spokenAt = now
    void this.#write(stillLine(this.#doing, now - this.#since))
  }
}
