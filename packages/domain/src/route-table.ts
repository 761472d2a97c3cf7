// Where an app's requests go: its rows as one route. Built from rows alone,
// so that routers get a table while the engine is away.

import { wantedOf } from './plan-formation.ts'
import { type AppWorld, dynoName, type WorldDyno } from './world.ts'

export interface AppRoute {
  appId: string
  app: string
  domains: string[]
  maintenance: boolean
  /** `booting`: requests wait; `blank`: no code; `no-web`: none wanted; `crashed`: none runs. */
  state: 'blank' | 'no-web' | 'booting' | 'crashed' | 'serving'
  dynos: { id: string; name: string; address: string; port: number }[]
}

/** The app's route; undefined for a destroyed app. `domain` is the platform's. */
export function routeOf(world: Omit<AppWorld, 'containers'>, domain: string): AppRoute | undefined {
  if (world.destroyed) return undefined
  const dynos = servingDynos(world)
  return {
    appId: world.id,
    app: world.name,
    domains: [`${world.name}.${domain}`, ...world.domains],
    maintenance: world.maintenance,
    state: dynos.length > 0 ? 'serving' : idleState(world),
    dynos: dynos.map((dyno) => ({ id: dyno.id, name: dynoName(dyno), address: dyno.address!, port: dyno.port! })),
  }
}

/** Of the current release; while none of it is up, older ones that still run. Never of one that is not current yet. */
function servingDynos({ current, dynos }: Omit<AppWorld, 'containers'>): WorldDyno[] {
  if (!current) return []
  const up = dynos.filter(({ type, state, address, port }) => type === 'web' && state === 'up' && address && port)
  const ours = up.filter(({ releaseId }) => releaseId === current.id)
  return ours.length > 0 ? ours : up.filter(({ version }) => version < current.version)
}

function idleState(world: Omit<AppWorld, 'containers'>): AppRoute['state'] {
  const { current, pending } = world
  const release = current ?? pending[0]
  if (!release) return 'blank'
  if (wantedOf(world, release, 'web').quantity === 0) return 'no-web'
  if (!current) return 'booting'
  const web = world.dynos.filter(({ type, releaseId }) => type === 'web' && releaseId === current.id)
  if (web.some(({ state, crashes }) => state === 'starting' && crashes === 0)) return 'booting'
  if (web.some(({ state }) => state === 'crashed' || state === 'starting')) return 'crashed'
  return web.some(({ wish }) => wish === 'stop') ? 'no-web' : 'booting'
}
