// The loop: one app at a time each, many apps at once. Start-up, a wake-up and
// the regular look all take this one path.

import { planApp, type Step } from '@paas/domain/plan'
import { nextDueMs } from '@paas/domain/plan-due'
import type { AppWorld } from '@paas/domain/world'
import type { Scheduler } from './deps.ts'
import { execute } from './executors.ts'
import { readWorld } from './world.ts'

/** A plan that does not end is a fault of ours; the next look goes on from there. */
const MAX_ROUNDS = 50
/** After a step failed. */
const RETRY_MS = 1_000
/** Apps at once: each holds a connection to Postgres and one to the engine now and then. */
const PARALLEL = 16

interface AppLoop {
  running: boolean
  again: boolean
  timer: NodeJS.Timeout | undefined
}

export class Reconciler {
  readonly #loops = new Map<string, AppLoop>()
  readonly #waiting: string[] = []
  #active = 0
  #closed = false
  #idle: (() => void) | undefined
  scheduler: Scheduler | undefined

  /** Looks at the app now, or once more when the look under way is over. */
  look(appId: string): void {
    if (this.#closed) return
    const loop = this.#loops.get(appId) ?? { running: false, again: false, timer: undefined }
    this.#loops.set(appId, loop)
    if (loop.running) {
      loop.again = true
      return
    }
    loop.running = true
    if (this.#active >= PARALLEL) this.#waiting.push(appId)
    else void this.#run(appId, loop)
  }

  /** Ends after the steps under way. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { timer } of this.#loops.values()) clearTimeout(timer)
    this.#waiting.length = 0
    if (this.#active > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
  }

  async #run(appId: string, loop: AppLoop): Promise<void> {
    this.#active += 1
    clearTimeout(loop.timer)
    let dueMs: number | undefined
    try {
      do {
        loop.again = false
        dueMs = await reconcile(this.scheduler!, appId, () => this.#closed)
      } while (loop.again && !this.#closed)
    } catch (err) {
      dueMs = Date.now() + RETRY_MS
      this.scheduler!.log.warn({ app: appId, err }, 'app.reconcile_failed')
    }
    loop.running = false
    this.#active -= 1
    if (this.#closed && this.#active === 0) this.#idle?.()
    if (this.#closed) return
    if (dueMs === undefined) this.#loops.delete(appId)
    else loop.timer = setTimeout(() => this.look(appId), Math.min(Math.max(0, dueMs - Date.now()), 2 ** 30))
    const next = this.#waiting.shift()
    const nextLoop = next && this.#loops.get(next)
    if (next && nextLoop) void this.#run(next, nextLoop)
  }
}

/** Reads, publishes the route, plans and acts, until there is nothing to do. Answers when to look again, if time alone will change the plan. */
export async function reconcile(scheduler: Scheduler, appId: string, stopped: () => boolean): Promise<number | undefined> {
  const limits = { releasePhaseTimeoutMs: scheduler.settings.releasePhaseTimeoutMs }
  for (let round = 0; round < MAX_ROUNDS && !stopped(); round += 1) {
    const reading = readWorld(scheduler, appId)
    reading.world.catch(() => {}) // awaited below, after the rows
    scheduler.routes.publish(appId, await reading.rows)
    const world = await reading.world
    if (!world) return undefined
    for (const { image } of world.pending) scheduler.hostImages.announce({ appId, image })
    const steps = planApp(world, Date.now(), limits)
    if (steps.length === 0) return nextDueMs(world, Date.now(), limits)
    if (!(await act(scheduler, world, steps, stopped))) return Date.now() + RETRY_MS
  }
  return Date.now() + RETRY_MS
}

/** False when a step failed. Starts go together: the engine takes them one by one, but the waiting is shared. */
async function act(scheduler: Scheduler, world: AppWorld, steps: readonly Step[], stopped: () => boolean): Promise<boolean> {
  const results = await Promise.all(
    steps.map(async (step) => {
      if (stopped()) return true
      try {
        await execute(scheduler, world, step)
        return true
      } catch (err) {
        scheduler.log.warn({ app: world.id, step: step.kind, err }, 'step.failed')
        return false
      }
    }),
  )
  return results.every(Boolean)
}
