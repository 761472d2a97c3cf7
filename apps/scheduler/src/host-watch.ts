// Watches one host: asks its engine every second, and when that is silent,
// whether its port and the dynos on it still take connections. What follows
// from it is judgeHost's to say; this writes it into the row.
import { connect } from 'node:net'
import { isDiskFull } from '@paas/domain/host-capacity'
import { distrustMs, flapsInRow, type Heartbeats, judgeHost } from '@paas/domain/host-judge'
import type { CpuTicks } from '@paas/domain/host-usage'
import { pause, withDeadline } from '@paas/service/wait'
import { changeHost, type HostChange, listServing } from '@paas/store/hosts'
import type { Scheduler } from './deps.ts'
import type { Member } from './fleet.ts'
import { lookAtHost } from './host-facts.ts'

const EVERY_MS = 1_000
const PING_MS = 1_000
/** An engine that has not answered by then may be gone: other signs are looked for while it is waited for. */
const PATIENCE_MS = 250
const CONNECT_MS = 700
/** Of web dynos on a silent host, so many are tried. */
const TRIED_MOST = 5
/** A row is not written every second only to say that all is well. */
const SEEN_EVERY_MS = 10_000
const FACTS_EVERY_MS = 60_000
/** Another host has told when it joined, and is busy then; work is counted from the second look on. */
const FACTS_FIRST_MS = 15_000
/** While its disk is full, so that room is seen soon. */
const FACTS_FULL_MS = 5_000
const NO_SIGNS = { portOpen: undefined, dynosTried: 0, dynosOpen: 0 }

/** Runs until aborted; never rejects. */
export async function watchHost(scheduler: Scheduler, hostId: string, signal: AbortSignal): Promise<void> {
  const watch = new HostWatch(scheduler, hostId)
  await Promise.all([watch.beat(signal), watch.follow(signal)])
}

class HostWatch {
  readonly #scheduler: Scheduler
  readonly #hostId: string
  #missed = 0
  #refused = 0
  #answeredMs = Date.now()
  #writtenMs = 0
  /** When its figures were asked for last, whether they still are, and how often they came. */
  #factsMs: number | undefined
  #factsAsked = false
  #factsRead = 0
  #ticks: CpuTicks | undefined

  constructor(scheduler: Scheduler, hostId: string) {
    this.#scheduler = scheduler
    this.#hostId = hostId
  }

  async beat(signal: AbortSignal): Promise<void> {
    for (let beganMs = Date.now(); !signal.aborted; await pause(Math.max(0, beganMs + EVERY_MS - Date.now()), signal)) {
      beganMs = Date.now()
      const member = this.#scheduler.fleet.get(this.#hostId)
      if (!member || member.host.condition === 'joining' || member.host.condition === 'failed') continue
      try {
        await this.#look(member)
      } catch (err) {
        this.#scheduler.log.warn({ host: member.host.name, err }, 'host.not_judged')
      }
    }
  }

  /** Changes of its containers: which app to look at. */
  async follow(signal: AbortSignal): Promise<void> {
    const { fleet, look } = this.#scheduler
    const { dynos } = fleet.get(this.#hostId)!
    await dynos.watch((change) => {
      const { id, appId, dynoId, action } = change ?? {}
      if (!id || !appId || !dynoId || action === 'create') return
      // The engine tells of an end before its list of containers shows it, so that a look at once would see it running. Asking about the one
      // waits on the engine's lock until the end is complete (`handleContainerExit` in moby's daemon/monitor.go).
      if (action === 'die')
        void dynos
          .findEnd(id)
          .catch(() => {})
          .then(() => look(appId))
      else look(appId)
    }, signal)
  }

  async #look(member: Member): Promise<void> {
    const pinged = this.#ping(member)
    const quick = await Promise.race([pinged, pause(PATIENCE_MS)])
    const [ping, signs] = await Promise.all([pinged, quick === 'answered' ? NO_SIGNS : this.#otherSigns(member)])
    this.#missed = ping === 'answered' ? 0 : this.#missed + 1
    this.#refused = ping === 'refused' ? this.#refused + 1 : 0
    if (ping === 'answered') this.#answeredMs = Date.now()
    const engineAnsweredAgoMs = Date.now() - this.#answeredMs
    const { host } = member
    const beats: Heartbeats = {
      engineAnsweredAgoMs,
      enginePingsMissed: this.#missed,
      enginePingsRefused: this.#refused,
      ...signs,
      restarting: (host.restartUntil?.getTime() ?? 0) > Date.now(),
    }
    const { condition, reason } = judgeHost(
      { condition: host.condition, sinceMs: host.conditionSince.getTime() },
      beats,
      Date.now(),
    )
    // With nowhere else to go nothing is won by giving it up.
    const judged = condition === 'lost' && this.#scheduler.fleet.isAlone() ? 'sick' : condition
    if (judged !== host.condition) await this.#turn(member, judged, reason)
    else if (condition === 'up' && Date.now() - this.#writtenMs >= SEEN_EVERY_MS) await this.#write({ lastSeen: new Date() })
    // Not awaited: a host that goes while it is asked would be seen to be gone only when that call's deadline has passed.
    if (condition === 'up' && this.#areFactsDue(member)) void this.#tryFacts(member)
  }

  async #ping({ engine }: Member): Promise<'answered' | 'silent' | 'refused'> {
    try {
      await engine.call('ping', (abortSignal) => pingEngine(engine, abortSignal), { deadlineMs: PING_MS })
      return 'answered'
    } catch (error) {
      const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code
      return code === 'ECONNREFUSED' || code === 'ENOENT' ? 'refused' : 'silent'
    }
  }

  async #otherSigns({ host }: Member): Promise<{ portOpen: boolean | undefined; dynosTried: number; dynosOpen: number }> {
    const { hostname, port } = new URL(host.engineUrl)
    const serving = (await listServing(this.#scheduler.store, host.id)).slice(0, TRIED_MOST)
    const [portOpen, ...open] = await Promise.all([
      host.local ? true : takesConnection(hostname, Number(port)),
      ...serving.map((dyno) => takesConnection(dyno.address, dyno.port)),
    ])
    return { portOpen, dynosTried: open.length, dynosOpen: open.filter(Boolean).length }
  }

  async #turn({ host }: Member, condition: 'up' | 'sick' | 'lost', reason: string): Promise<void> {
    const { log, fleet, placer, store, look } = this.#scheduler
    log.warn({ host: host.name, from: host.condition, condition, reason }, 'host.changed')
    const flaps = condition === 'lost' ? flapsInRow(host.flaps, Date.now() - host.conditionSince.getTime()) : host.flaps
    const back = host.condition === 'lost' && condition === 'up'
    await this.#write({
      condition,
      reason: condition === 'up' ? null : reason,
      flaps,
      ...(back && { distrustUntil: new Date(Date.now() + distrustMs(flaps)) }),
    })
    await fleet.refresh()
    await placer.refresh()
    for (const appId of new Set((await listServing(store, host.id, 'any')).map((dyno) => dyno.appId))) look(appId)
  }

  /** A full disk stands in the row, whoever has found it full. */
  #areFactsDue({ host }: Member): boolean {
    this.#factsMs ??= host.local ? 0 : Date.now()
    const pauseMs = isDiskFull(host) ? FACTS_FULL_MS : this.#factsRead < 2 ? FACTS_FIRST_MS : FACTS_EVERY_MS
    return !this.#factsAsked && Date.now() - this.#factsMs >= pauseMs
  }

  /** Never rejects. */
  async #tryFacts(member: Member): Promise<void> {
    this.#factsAsked = true
    try {
      await this.#readFacts(member)
      this.#factsRead += 1
    } catch (err) {
      this.#scheduler.log.warn({ host: member.host.name, err }, 'host.facts_not_read')
    }
    this.#factsMs = Date.now()
    this.#factsAsked = false
  }

  async #readFacts(member: Member): Promise<void> {
    const { settings, fleet, placer } = this.#scheduler
    const { found, ticks } = await lookAtHost(member, settings.dataDir, this.#ticks)
    this.#ticks = ticks
    await this.#write(found)
    if (isDiskFull({ diskFree: found.diskFree ?? null }) === isDiskFull(member.host)) return
    await fleet.refresh()
    await placer.refresh()
  }

  async #write(change: HostChange): Promise<void> {
    this.#writtenMs = Date.now()
    await changeHost(this.#scheduler.store, this.#hostId, { ...change, ...(this.#missed === 0 && { lastSeen: new Date() }) })
  }
}

/** dockerode's types leave its options out. */
function pingEngine({ docker }: Member['engine'], abortSignal: AbortSignal): Promise<unknown> {
  return (docker.ping as (options: { abortSignal: AbortSignal }) => Promise<unknown>).call(docker, { abortSignal })
}

/** Whether somebody listens there. Never rejects. */
function takesConnection(host: string, port: number): Promise<boolean> {
  return withDeadline('a connection', CONNECT_MS, 'engine_timeout', (signal) => {
    return new Promise<boolean>((resolve) => {
      const socket = connect({ host, port })
      const end = (open: boolean) => {
        socket.destroy()
        resolve(open)
      }
      socket.once('connect', () => end(true)).once('error', () => end(false))
      signal.addEventListener('abort', () => end(false), { once: true })
    })
  }).catch(() => false)
}
