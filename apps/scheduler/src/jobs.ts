// What takes longer than a pass: watching a dyno boot, draining and stopping
// it, serving its client. One per dyno; nothing of it is stored, and what a
// killed scheduler was doing is planned anew from the rows.
import type { WorldDyno } from '@paas/domain/world'
import { pause } from '@paas/service/wait'

const CLOSE_MS = 2_000

export type JobKind = NonNullable<WorldDyno['busy']>

interface Job {
  kind: JobKind
  abort: AbortController
  done: Promise<void>
}

export class Jobs {
  readonly #running = new Map<string, Job>()
  readonly #ended: (appId: string, error: unknown) => void

  /** `ended` is called after each job, with its error if it failed. */
  constructor(ended: (appId: string, error: unknown) => void) {
    this.#ended = ended
  }

  kindOf(dynoId: string): JobKind | undefined {
    return this.#running.get(dynoId)?.kind
  }

  /** Of all dynos, as it is now. */
  kinds(): ReadonlyMap<string, JobKind> {
    return new Map([...this.#running].map(([dynoId, { kind }]) => [dynoId, kind]))
  }

  /** Begins unless the same is under way; a job of another kind on this dyno is told to give up. Resolves at its end, never rejects. */
  run(appId: string, dynoId: string, kind: JobKind, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const before = this.#running.get(dynoId)
    if (before?.kind === kind) return before.done
    before?.abort.abort()
    const abort = new AbortController()
    const job: Job = { kind, abort, done: Promise.resolve() }
    job.done = work(abort.signal)
      .then(
        () => undefined,
        (error: unknown) => (abort.signal.aborted ? undefined : error),
      )
      .then((error) => {
        if (this.#running.get(dynoId) === job) this.#running.delete(dynoId)
        this.#ended(appId, error)
      })
    this.#running.set(dynoId, job)
    return job.done
  }

  cancel(dynoId: string): void {
    this.#running.get(dynoId)?.abort.abort()
  }

  /** Tells all to give up and waits a little: a stop under way may take its whole grace time, and is planned again by the next scheduler. */
  async close(): Promise<void> {
    const jobs = [...this.#running.values()]
    for (const { abort } of jobs) abort.abort()
    await Promise.race([Promise.all(jobs.map(({ done }) => done)), pause(CLOSE_MS)])
  }
}
