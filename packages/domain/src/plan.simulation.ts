// A world for tests: does what steps say, as the scheduler and the engine
// would, and lets things go wrong in between.
import { backoffMs } from './backoff.ts'
import type { Step } from './plan.ts'
import { routeOf } from './route-table.ts'
import { type AppWorld, isOneOff, type WorldContainer, type WorldDyno, type WorldRelease } from './world.ts'

export type Fate = 'good' | 'exits' | 'hangs' | 'phase-fails'
type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type SimWorld = Mutable<Omit<AppWorld, 'dynos' | 'containers' | 'pending' | 'formation'>> & {
  dynos: Mutable<WorldDyno>[]
  containers: Mutable<WorldContainer>[]
  pending: Mutable<WorldRelease>[]
  formation: { type: string; quantity: number; size: string; singleton?: boolean }[]
}

export const HOSTS = ['h1', 'h2'] as const

export class Simulation {
  nowMs = 1_000_000
  erased = false
  readonly world: SimWorld = {
    ...{ id: 'app', name: 'shop', destroyed: false, maintenance: false, domains: [], current: undefined },
    ...{
      pending: [],
      formation: [
        { type: 'web', quantity: 1, size: 'S' },
        { type: 'worker', quantity: 1, size: 'S' },
      ],
    },
    ...{ dynos: [], containers: [] },
  }
  readonly fates = new Map<string, Fate>()
  readonly statuses = new Map<string, string>()
  /** What runs on hosts that nobody can reach. */
  away: Mutable<WorldContainer>[] = []
  readonly #lost = new Set<string>()
  #count = 0

  /** Web dynos that get requests. */
  serving(): string[] {
    return (routeOf(this.world, 'localhost')?.dynos ?? []).map(({ id }) => id)
  }

  release(fate: Fate): void {
    const version = ++this.#count
    const processTypes = { web: 'w', worker: 'x', ...(fate === 'phase-fails' && { release: 'r' }) }
    this.fates.set(`r${version}`, fate)
    this.world.pending.push({ id: `r${version}`, version, createdAtMs: this.nowMs, phaseDone: false, image: 'i', processTypes })
  }

  scale(type: string, quantity: number): void {
    for (const entry of this.world.formation) if (entry.type === type) entry.quantity = quantity
  }

  /** Power or network: what runs there may go on running. */
  loseHost(hostId: string): void {
    this.#lost.add(hostId)
    this.away.push(...this.world.containers.filter((container) => container.hostId === hostId))
    this.world.containers = this.world.containers.filter((container) => container.hostId !== hostId)
    for (const dyno of this.world.dynos) {
      if (dyno.hostId !== hostId) continue
      dyno.reach = 'lost'
      dyno.busy = undefined
    }
  }

  findHost(hostId: string): void {
    this.#lost.delete(hostId)
    this.world.containers.push(...this.away.filter((container) => container.hostId === hostId))
    this.away = this.away.filter((container) => container.hostId !== hostId)
    for (const dyno of this.world.dynos) if (dyno.hostId === hostId) dyno.reach = 'seen'
  }

  /** Its dynos have to leave for the other host. */
  drainHost(hostId: string): void {
    for (const dyno of this.world.dynos) dyno.moving = dyno.hostId === hostId
    this.#lost.add(hostId) // for who looks for a place
  }

  /** The one with fewer dynos. */
  #placeOf(): string {
    const use = (host: string) => this.world.dynos.filter(({ hostId, state }) => hostId === host && state !== 'down').length
    return HOSTS.filter((host) => !this.#lost.has(host)).toSorted((a, b) => use(a) - use(b))[0]!
  }

  /** Also what was under way is forgotten. */
  killScheduler(): void {
    for (const dyno of this.world.dynos) dyno.busy = undefined
  }

  apply(step: Step): void {
    executors[step.kind](this, step as never)
  }

  /** Time passes: what is under way ends, and processes do what they do. */
  settle(ms: number): void {
    this.nowMs += ms
    for (const dyno of this.world.dynos) {
      const container = this.containerOf(dyno)
      const fate = this.fates.get(dyno.releaseId)
      if (container?.state === 'running' && fate === 'exits' && dyno.type === 'web') container.state = 'exited'
      if (container?.state === 'running' && dyno.type === 'release') {
        container.state = 'exited'
        dyno.exitCode = fate === 'phase-fails' ? 1 : 0
      }
      if (dyno.busy === 'boot') this.#boot(dyno, container, fate)
      if (dyno.busy === 'stop') {
        if (container) container.state = 'exited'
        this.change(dyno, 'down')
        dyno.busy = undefined
      }
    }
  }

  #boot(dyno: Mutable<WorldDyno>, container: Mutable<WorldContainer> | undefined, fate: Fate | undefined): void {
    if (container?.state !== 'running') return
    dyno.busy = undefined
    if (fate === 'good' || fate === 'phase-fails') {
      this.change(dyno, 'up')
    } else {
      container.state = 'exited'
      this.crash(dyno)
    }
  }

  start(dyno: Mutable<WorldDyno>): void {
    const container = this.containerOf(dyno)
    if (container) container.state = 'running'
    else this.contain(dyno)
    if (dyno.type === 'web') dyno.busy = 'boot'
    else this.change(dyno, 'up')
  }

  contain({ id: dynoId, type, number, version, hostId }: WorldDyno): void {
    const [id, name, createdAtMs] = [`c${++this.#count}`, `${type}.${number}`, this.nowMs]
    this.world.containers.push({ id, hostId: hostId!, dynoId, name, version, createdAtMs, state: 'running' })
  }

  add(step: { releaseId: string; type: string; number: number; size: string }, crashes = 0): Mutable<WorldDyno> {
    const { releaseId, type, number, size } = step
    const dyno: Mutable<WorldDyno> = {
      ...{ id: `d${++this.#count}`, releaseId, type, number, size, crashes, state: 'starting', wish: null, busy: undefined },
      ...{ version: Number(releaseId.slice(1)), stateSinceMs: this.nowMs, createdAtMs: this.nowMs, retryAtMs: null },
      ...{ hostId: this.#placeOf(), reach: 'seen', waiting: false, moving: false },
      ...{ exitCode: null, reason: null, attach: false, address: '10.0.0.1', port: 8080 },
    }
    this.world.dynos.push(dyno)
    return dyno
  }

  crash(dyno: Mutable<WorldDyno>): void {
    dyno.busy = undefined
    dyno.crashes += 1
    dyno.retryAtMs = this.nowMs + backoffMs(dyno.crashes)
    this.change(dyno, 'crashed')
  }

  change(dyno: Mutable<WorldDyno>, state: WorldDyno['state']): void {
    dyno.state = state
    dyno.stateSinceMs = this.nowMs
  }

  dyno(id: string): Mutable<WorldDyno> {
    return this.world.dynos.find((dyno) => dyno.id === id)!
  }

  containerOf(dyno: { id: string }): Mutable<WorldContainer> | undefined {
    return this.world.containers.find(({ dynoId }) => dynoId === dyno.id)
  }

  endRelease(id: string, status: string): void {
    const release = this.world.pending.find((pending) => pending.id === id)
    this.world.pending = this.world.pending.filter((pending) => pending !== release)
    this.statuses.set(id, status)
    if (status !== 'succeeded') return
    this.world.current = release
    this.fates.set(id, 'good') // succeeded without a web dyno: a scale up later must come to an end here
  }
}

const executors: { [K in Step['kind']]: (sim: Simulation, step: Extract<Step, { kind: K }>) => void } = {
  'add-dyno': (sim, step) => sim.start(sim.add(step)),
  'adopt-dyno': (sim, step) => void (sim.add(step).id = step.dynoId),
  'start-dyno': (sim, { dynoId }) => sim.start(sim.dyno(dynoId)),
  'watch-boot': (sim, { dynoId }) => void (sim.dyno(dynoId).busy = 'boot'),
  'crash-dyno': (sim, { dynoId }) => sim.crash(sim.dyno(dynoId)),
  'lose-dyno'(sim, { dynoId }) {
    const dyno = sim.dyno(dynoId)
    sim.change(dyno, isOneOff(dyno) ? 'down' : 'stopping')
  },
  'replace-crashed'(sim, { dynoId }) {
    const old = sim.dyno(dynoId)
    sim.change(old, 'down')
    sim.start(sim.add(old, old.crashes))
  },
  'drain-dyno': (sim, { dynoId }) => sim.change(sim.dyno(dynoId), 'draining'),
  'stop-dyno'(sim, { dynoId }) {
    sim.change(sim.dyno(dynoId), 'stopping')
    sim.dyno(dynoId).busy = 'stop'
  },
  'end-dyno': (sim, { dynoId }) => sim.change(sim.dyno(dynoId), 'down'),
  'delete-dyno': (sim, { dynoId }) => void (sim.world.dynos = sim.world.dynos.filter(({ id }) => id !== dynoId)),
  'remove-container': (sim, { containerId }) =>
    void (sim.world.containers = sim.world.containers.filter(({ id }) => id !== containerId)),
  'finish-phase': (sim, { releaseId }) => void (sim.world.pending.find(({ id }) => id === releaseId)!.phaseDone = true),
  'succeed-release': (sim, { releaseId }) => sim.endRelease(releaseId, 'succeeded'),
  'fail-release': (sim, { releaseId, code }) => sim.endRelease(releaseId, code),
  'erase-app': (sim) => void (sim.erased = true),
}
