// Networks prepared for dynos that a push under way will need.
//
// Only a hint, and only a saving: a dyno that finds none gets its network with
// its container. Who pushes once will soon push again, so after a deploy the
// next push's networks are made in the quiet that follows it; then they cost
// that push nothing. They are made where the app's dynos are: the next ones are
// spread alike. What nobody takes is removed.

import type { Holder } from '@paas/engine/network-holder'
import { findPreparable } from '@paas/store/dynos'
import type { SchedulerDeps } from './deps.ts'
import type { Fleet, Member } from './fleet.ts'
import { noticeFullDisk } from './full-disk.ts'
import type { Placer } from './placer.ts'

const KEEP_MS = 10 * 60_000
/** After a deploy: by then its old dynos are gone and the engine is idle. */
const REFILL_AFTER_MS = 2_000
/** Apps that have some at once, so that many who push do not fill the host with sleepers. */
const MOST_APPS = 16
/** Longer than any dyno needs from its network to its container. */
const TAKEN_MS = 5 * 60_000
/** On one host. A push of an app with more web dynos there gains little by more: the engine starts one after the other. */
const MOST = 2

type Deps = Pick<SchedulerDeps, 'store' | 'log' | 'settings'> & { fleet: Fleet; placer: Placer }

interface Prepared {
  hostId: string
  holder: Promise<Holder | undefined>
  untilMs: number
}

export class PreparedNetworks {
  readonly #deps: Deps
  readonly #byApp = new Map<string, Prepared[]>()
  /** Taken before they were ready. */
  readonly #taking = new Set<Prepared['holder']>()
  /** Taken, and not yet seen under a dyno. */
  readonly #taken = new Map<string, number>()
  readonly #timers = new Map<string, NodeJS.Timeout>()
  /** Whether an engine may have any: true at first, since another scheduler may have left some. */
  #any = true

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** A push of this app has begun. Never rejects. */
  async prepare(appId: string): Promise<void> {
    const { store, log } = this.#deps
    if (!this.#byApp.has(appId) && this.#byApp.size >= MOST_APPS) return
    const untilMs = Date.now() + KEEP_MS
    try {
      const app = await findPreparable(store, appId)
      if (!app) return
      this.#any = true
      const kept = this.#byApp.get(appId) ?? []
      this.#byApp.set(appId, kept)
      for (const [{ host, dynos }, count] of this.#places(app)) {
        for (let has = kept.filter(({ hostId }) => hostId === host.id).length; has < Math.min(count, MOST); has += 1) {
          const holder = dynos.prepareNetwork({ appId, image: app.image }).catch(async (err: unknown) => {
            log.warn({ app: appId, host: host.name, err }, 'network.not_prepared')
            await noticeFullDisk(this.#deps, host.id, err).catch(() => {}) // its watch says if it is silent
            return undefined
          })
          kept.push({ hostId: host.id, holder, untilMs })
        }
      }
    } catch (err) {
      log.warn({ app: appId, err }, 'network.not_prepared')
    }
  }

  /** One on this host that is ready or soon will be; it is the taker's now. */
  async take(appId: string, hostId: string): Promise<Holder | undefined> {
    const kept = this.#byApp.get(appId) ?? []
    const index = kept.findIndex((prepared) => prepared.hostId === hostId)
    const [prepared] = index < 0 ? [] : kept.splice(index, 1)
    if (!prepared) return undefined
    this.#taking.add(prepared.holder)
    const holder = await prepared.holder
    if (holder) this.#taken.set(holder.id, Date.now() + TAKEN_MS)
    this.#taking.delete(prepared.holder)
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
    const { fleet, log } = this.#deps
    const left = await Promise.all(
      fleet.all().map((member) =>
        this.#sweepHost(member).catch((err: unknown) => {
          log.debug({ host: member.host.name, err }, 'host.not_swept')
          return true // it may still have some when it is back
        }),
      ),
    )
    this.#any = left.some(Boolean) || this.#byApp.size > 0
  }

  /** Whether it may have any now. */
  async #sweepHost({ host, dynos }: Member): Promise<boolean> {
    if (!this.#deps.fleet.answering().some((member) => member.host.id === host.id)) return true
    const all = await dynos.listPrepared()
    const known = await this.#known() // after the list: whatever is in it and ours is known by now
    for (const { id, used } of all) {
      if (used)
        this.#taken.delete(id) // its dyno's container is there: from now on that decides
      else if (!known.has(id)) await dynos.remove(id)
    }
    return all.length > 0
  }

  /** Ids of those that wait for a dyno, or were given to one. */
  async #known(): Promise<ReadonlySet<string | undefined>> {
    const waiting = [...this.#byApp.values()].flat().map(({ holder }) => holder)
    const ready = await Promise.all([...waiting, ...this.#taking])
    return new Set([...ready.map((holder) => holder?.id), ...this.#taken.keys()])
  }

  /** Hosts that the next dynos will go to, as far as one can tell, and how many each. */
  #places({ quantity, hostIds }: { quantity: number; hostIds: readonly string[] }): [Member, number][] {
    const { fleet } = this.#deps
    if (fleet.isAlone()) return [[fleet.local(), quantity]]
    const open = fleet.answering().filter(({ host }) => !host.cordoned && !host.draining && !host.removeWanted)
    return open.map((member) => [member, hostIds.filter((id) => id === member.host.id).length])
  }
}
