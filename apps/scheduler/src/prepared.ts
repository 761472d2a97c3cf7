// Networks prepared for dynos that a push under way will need.
//
// Only a hint, and only a saving: a dyno that finds none gets its network with
// its container. Who pushes once will soon push again, so after a deploy the
// next push's networks are made in the quiet that follows it; then they cost
// that push nothing. What nobody takes is removed.

import type { DynoEngine } from '@paas/engine/dyno-engine'
import type { Holder } from '@paas/engine/network-holder'
import { findPreparable } from '@paas/store/dynos'
import type { SchedulerDeps } from './deps.ts'

const KEEP_MS = 10 * 60_000
/** After a deploy: by then its old dynos are gone and the engine is idle. */
const REFILL_AFTER_MS = 2_000
/** Apps that have some at once, so that many who push do not fill the host with sleepers. */
const MOST_APPS = 16
const TAKEN_MS = 30_000
/** A push of an app with more web dynos than this gains little by more: the engine starts one after the other. */
const MOST = 2

interface Prepared {
  holder: Promise<Holder | undefined>
  untilMs: number
}

export class PreparedNetworks {
  readonly #deps: Pick<SchedulerDeps, 'store' | 'log'> & { dynos: DynoEngine }
  readonly #byApp = new Map<string, Prepared[]>()
  /** Taken, and not yet seen under a dyno. */
  readonly #taken = new Map<string, number>()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  /** Whether the engine may have any: true at first, since another scheduler may have left some. */
  #any = true

  constructor(deps: Pick<SchedulerDeps, 'store' | 'log'> & { dynos: DynoEngine }) {
    this.#deps = deps
  }

  /** A push of this app has begun. Never rejects. */
  async prepare(appId: string): Promise<void> {
    const { store, dynos, log } = this.#deps
    if (!this.#byApp.has(appId) && this.#byApp.size >= MOST_APPS) return
    const untilMs = Date.now() + KEEP_MS
    const kept = this.#byApp.get(appId) ?? []
    this.#byApp.set(appId, kept)
    try {
      const app = await findPreparable(store, appId)
      if (!app) return
      this.#any = true
      while (kept.length < Math.min(app.quantity, MOST)) {
        const holder = dynos.prepareNetwork({ appId, image: app.image })
        kept.push({ holder: holder.catch((err: unknown) => void log.warn({ app: appId, err }, 'network.not_prepared')), untilMs })
      }
    } catch (err) {
      log.warn({ app: appId, err }, 'network.not_prepared')
    }
  }

  /** One that is ready or soon will be; it is the taker's now. */
  async take(appId: string): Promise<Holder | undefined> {
    const prepared = this.#byApp.get(appId)?.shift()
    const holder = await prepared?.holder
    if (holder) this.#taken.set(holder.id, Date.now() + TAKEN_MS)
    return holder
  }

  /** A deploy of this app is over. If a push caused it, the next one finds its networks ready. */
  refill(appId: string): void {
    if (!this.#byApp.has(appId)) return
    clearTimeout(this.#timers.get(appId))
    const refill = () => {
      this.#timers.delete(appId)
      void this.prepare(appId)
    }
    this.#timers.set(appId, setTimeout(refill, REFILL_AFTER_MS).unref())
  }

  /** The app is being erased: the next sweep removes what it had. */
  forget(appId: string): void {
    clearTimeout(this.#timers.get(appId))
    this.#timers.delete(appId)
    this.#byApp.delete(appId)
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }

  /** Removes what was not taken in time, and what has outlived its dyno. */
  async sweep(nowMs = Date.now()): Promise<void> {
    if (!this.#any) return
    for (const [appId, all] of this.#byApp) {
      const fresh = all.filter(({ untilMs }) => untilMs > nowMs)
      if (fresh.length > 0 || (all.length === 0 && this.#timers.has(appId))) this.#byApp.set(appId, fresh)
      else this.#byApp.delete(appId)
    }
    for (const [id, untilMs] of this.#taken) if (untilMs <= nowMs) this.#taken.delete(id)
    const waiting = await Promise.all([...this.#byApp.values()].flat().map(({ holder }) => holder))
    const known = new Set([...waiting.map((holder) => holder?.id), ...this.#taken.keys()])
    const all = await this.#deps.dynos.listPrepared()
    for (const { id, used } of all) {
      if (used)
        this.#taken.delete(id) // its dyno's container is there: from now on that decides
      else if (!known.has(id)) await this.#deps.dynos.remove(id)
    }
    this.#any = all.length > 0 || this.#byApp.size > 0
  }
}
