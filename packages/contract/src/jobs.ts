// What goes through the queues. A job is only a hint to look at a row: rows in
// Postgres decide, and a reconciler adds the job again when Redis lost it.
import { z } from 'zod'

/** receiver → builder: this app has a build to do. */
export const BuildJob = z.object({ appId: z.string(), buildId: z.string() })
export type BuildJob = z.infer<typeof BuildJob>

/** builder → api: this build has ended; if it succeeded, make its release. */
export const ResultJob = z.object({ appId: z.string(), buildId: z.string() })
export type ResultJob = z.infer<typeof ResultJob>

export const jobs = { builds: BuildJob, results: ResultJob }
export type QueueName = keyof typeof jobs
export type Job<Q extends QueueName> = z.infer<(typeof jobs)[Q]>
