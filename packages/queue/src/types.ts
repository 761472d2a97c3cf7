// What stages see of the queues. Redis may be away or flushed at any moment:
// adding is a hint, and rows in Postgres are what is true.
import type { Job, QueueName } from '@paas/contract/jobs'
import type { Service } from '@paas/service/service'

export interface Queues {
  /** Adds once per id while such a job waits. Rejects `queue_unreachable` within 2 s when Redis is away. */
  add<Q extends QueueName>(queue: Q, id: string, job: Job<Q>): Promise<void>
  /** Runs `handler` for each job, `concurrency` at once. A job whose worker died is given to another within 10 s. */
  work<Q extends QueueName>(
    queue: Q,
    concurrency: number,
    handler: (job: Job<Q>, signal: AbortSignal) => Promise<void>,
  ): Promise<Service>
  /** How many jobs wait and run, for `bin/status`. */
  depth(): Promise<Record<QueueName, { waiting: number; active: number }>>
  close(): Promise<void>
}
