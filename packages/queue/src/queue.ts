// The queues, on BullMQ. Redis may be away, slow or flushed at any moment, and
// none of that may stop or crash a stage: adding fails fast, working waits.
//
// Two kinds of connection: one that adds and never queues a command while
// offline, and one per worker that waits for Redis for ever. Locks are short:
// with BullMQ's defaults (30 s) a killed worker's job stays dead for a minute.
// See docs/design/030-builds.md.
import { once } from 'node:events'
import { type Job as JobBody, jobs, type QueueName } from '@paas/contract/jobs'
import { PlatformError } from '@paas/domain/errors'
import type { Logger } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { withDeadline } from '@paas/service/wait'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { connectionOf } from './connection.ts'
import type { Queues } from './types.ts'

const ADD_DEADLINE_MS = 1_800 // with the way here, an add is refused within 2 s
const LOCK_MS = 5_000
const STALLED_CHECK_MS = 2_000 // killed worker: 5 s until its lock ends, 2 s until somebody looks
const RETRY_MAX_MS = 1_000
const CLOSE_DEADLINE_MS = 5_000
/** A job is a hint; how often its worker may die is for the rows to say. */
const ENDLESS = 1_000_000

export interface QueueSettings {
  /** `redis://host:port/db`, or `unix:///path/redis.sock` (also written `redis+unix://`); `?db=1` picks a database. */
  redisUrl: string
  /** Begins every key in Redis. */
  prefix: string
  log: Logger
}

/** Returns at once, whether Redis is there or not; it is connected to in the background. */
export function openQueues({ redisUrl, prefix, log }: QueueSettings): Queues {
  const connection = connectionOf(redisUrl)
  const options = { ...connection, connectTimeout: 2_000, retryStrategy: (times: number) => Math.min(times * 100, RETRY_MAX_MS) }
  let away = false

  function connect(extra: { enableOfflineQueue?: boolean; commandTimeout?: number }): Redis {
    const redis = new Redis({ ...options, maxRetriesPerRequest: null, ...extra })
    // Said once when it goes and once when it is back, not at every retry.
    redis.on('error', (err) => {
      if (!away) log.warn({ err }, 'redis.lost')
      away = true
    })
    redis.on('ready', () => {
      if (away) log.info('redis.back')
      away = false
    })
    return redis
  }

  const adder = connect({ enableOfflineQueue: false, commandTimeout: ADD_DEADLINE_MS })
  const queues = new Map<QueueName, Queue>()
  const workers = new Set<Service>()

  function queueOf(name: QueueName): Queue {
    let queue = queues.get(name)
    if (!queue) {
      queue = new Queue(name, { connection: adder, prefix, skipMetasUpdate: true, skipWaitingForReady: true })
      queue.on('error', () => {}) // the connection's own listener reports it
      queues.set(name, queue)
    }
    return queue
  }

  return {
    async add(name, id, job) {
      const options = { jobId: id.replaceAll(':', '_'), removeOnComplete: true, removeOnFail: true, attempts: 1 }
      await reach(adder, () => queueOf(name).add(name, jobs[name].parse(job), options))
    },

    async work(name, concurrency, handler) {
      const worker = startWorker(name, connect({}), { prefix, concurrency, log }, handler)
      workers.add(worker)
      return worker
    },

    async depth() {
      const counts = await reach(adder, () =>
        Promise.all(
          (Object.keys(jobs) as QueueName[]).map(async (name) => {
            const { waiting = 0, active = 0 } = await queueOf(name).getJobCounts('waiting', 'active')
            return [name, { waiting, active }] as const
          }),
        ),
      )
      return Object.fromEntries(counts) as Record<QueueName, { waiting: number; active: number }>
    },

    async close() {
      await Promise.all([...workers].map((worker) => worker.close()))
      await withDeadline('Redis (close)', CLOSE_DEADLINE_MS, 'queue_unreachable', () =>
        Promise.all([...queues.values()].map((queue) => queue.close())),
      ).catch(() => {})
      adder.disconnect()
    },
  }
}

/** Redis under a deadline, which waiting for the connection is part of; whatever it fails with is `queue_unreachable`. */
async function reach<T>(redis: Redis, work: () => Promise<T>): Promise<T> {
  try {
    return await withDeadline('Redis', ADD_DEADLINE_MS, 'queue_unreachable', async (signal) => {
      // A BullMQ queue made before Redis has answered once never recovers, so `work` makes it only then.
      if (redis.status !== 'ready') await once(redis, 'ready', { signal })
      return await work()
    })
  } catch (error) {
    if (error instanceof PlatformError) throw error
    throw new PlatformError('queue_unreachable', 'Redis cannot be reached', { cause: error })
  }
}

function startWorker<Q extends QueueName>(
  name: Q,
  connection: Redis,
  { prefix, concurrency, log }: { prefix: string; concurrency: number; log: Logger },
  handler: (job: JobBody<Q>, signal: AbortSignal) => Promise<void>,
): Service {
  const stop = new AbortController()
  const worker = new Worker(
    name,
    async (job) => {
      try {
        await handler(jobs[name].parse(job.data) as JobBody<Q>, stop.signal)
      } catch (err) {
        // Nothing is retried here: the reconciler of the stage adds the job again if its row still asks for it.
        log.warn({ err, queue: name, job: job.id }, 'job.failed')
      }
    },
    {
      connection,
      prefix,
      concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: ENDLESS,
      drainDelay: 5,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
  )
  worker.on('error', () => {}) // the connection's own listener reports it
  let closed: Promise<void> | undefined
  return {
    name: `queue ${name}`,
    close() {
      closed ??= (async () => {
        stop.abort()
        await withDeadline('Redis (close)', CLOSE_DEADLINE_MS, 'queue_unreachable', () => worker.close()).catch(() => {})
        connection.disconnect()
      })()
      return closed
    },
  }
}
