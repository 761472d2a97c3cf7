// The router's table: public name → app → dynos, with what this router knows
// about each dyno (how busy, in quarantine, left).
//
// A dyno that has left the table is remembered until its last request ends,
// because the scheduler stops it only then.
import type { Quarantine } from './router-quarantine.ts'

export interface TableDyno {
  readonly id: string
  readonly name: string
  readonly address: string
  readonly port: number
}

export interface TableRoute {
  readonly appId: string
  readonly app: string
  readonly domains: readonly string[]
  readonly maintenance: boolean
  readonly state: 'blank' | 'no-web' | 'booting' | 'crashed' | 'serving'
  readonly dynos: readonly TableDyno[]
}

export interface TableChange {
  readonly version: number
  readonly full: boolean
  readonly set: readonly TableRoute[]
  readonly remove: readonly string[]
}

export interface LiveDyno extends TableDyno {
  /** Requests under way, and connections that were upgraded. */
  requests: number
  upgraded: number
  /** Not before this time (monotonic ms) gets it a request, unless nothing else is left. */
  quarantinedUntil: number
  /** Why it was set aside; undefined again once it has accepted a connection. */
  quarantine: Quarantine | undefined
  /** It last accepted a connection or began an answer (monotonic ms). */
  heardAt: number
  /** It takes no new requests; the last one to end makes it drained. */
  left: boolean
  /** It left because its host is lost: nothing more will come from it. */
  lost: boolean
}

export interface LiveApp {
  readonly appId: string
  route: TableRoute
  dynos: LiveDyno[]
  /** Requests under way or waiting for a dyno; upgraded connections do not count. */
  active: number
  /** Requests that wait for a dyno to appear; called after every change of this app. */
  waiting: Set<() => void>
}

export class RouterTable {
  version = -1
  readonly #apps = new Map<string, LiveApp>()
  readonly #hosts = new Map<string, LiveApp>()
  readonly #dynos = new Map<string, LiveDyno>()

  get routes(): TableRoute[] {
    return [...this.#apps.values()].map(({ route }) => route)
  }

  /** The app that owns a name, as `parseHost` gives it. */
  find(hostname: string): LiveApp | undefined {
    return this.#hosts.get(hostname)
  }

  /** Returns the dynos that left with this change. Requests that wait for an app look again afterwards, in the same turn. */
  apply({ version, full, set, remove }: TableChange): LiveDyno[] {
    this.version = version
    const left: LiveDyno[] = []
    const touched: LiveApp[] = []
    const kept = full ? new Set(set.map(({ appId }) => appId)) : undefined
    const gone = kept ? [...this.#apps.keys()].filter((appId) => !kept.has(appId)) : remove
    for (const appId of gone) {
      const app = this.#apps.get(appId)
      if (!app) continue
      left.push(...this.#set(app, { ...app.route, state: 'blank', domains: [], dynos: [] }))
      this.#apps.delete(appId)
      touched.push(app)
    }
    for (const route of set) {
      let app = this.#apps.get(route.appId)
      if (!app) {
        app = { appId: route.appId, route: { ...route, domains: [] }, dynos: [], active: 0, waiting: new Set() }
        this.#apps.set(route.appId, app)
      }
      left.push(...this.#set(app, route))
      touched.push(app)
    }
    for (const app of touched) for (const look of [...app.waiting]) look()
    return left
  }

  #set(app: LiveApp, route: TableRoute): LiveDyno[] {
    for (const name of app.route.domains) if (this.#hosts.get(name) === app) this.#hosts.delete(name)
    for (const name of route.domains) this.#hosts.set(name, app)
    app.route = route
    const before = app.dynos
    app.dynos = route.dynos.map((dyno) => this.#live(dyno))
    const now = new Set(app.dynos)
    const left = before.filter((dyno) => !now.has(dyno))
    for (const dyno of left) {
      dyno.left = true
      if (this.#dynos.get(dyno.id) === dyno) this.#dynos.delete(dyno.id)
    }
    return left
  }

  /** A dyno keeps its counters over a change, unless it moved: then it is another one. */
  #live(dyno: TableDyno): LiveDyno {
    const known = this.#dynos.get(dyno.id)
    if (known && known.address === dyno.address && known.port === dyno.port) return known
    const { id, name, address, port } = dyno
    const fresh: LiveDyno = {
      id,
      name,
      address,
      port,
      requests: 0,
      upgraded: 0,
      quarantinedUntil: 0,
      quarantine: undefined,
      heardAt: Number.NEGATIVE_INFINITY,
      left: false,
      lost: false,
    }
    this.#dynos.set(dyno.id, fresh)
    return fresh
  }
}
