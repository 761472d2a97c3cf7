// Which dyno gets a request, or which code the client gets instead.
//
// The less busy of two random dynos: nearly as even as looking at all of them,
// and several routers with stale counts do not rush to the same one
// (Mitzenmacher, The Power of Two Choices). Time and chance come in as arguments.
import type { RouterCode } from './router-codes.ts'
import type { LiveApp, LiveDyno } from './router-table.ts'

/** Active requests one router carries per dyno of an app; beyond that H11 at once. */
export const REQUESTS_PER_DYNO = 200

/** Heroku tries at most ten dynos per request. */
export const MAX_ATTEMPTS = 10

export type Choice = { kind: 'dyno'; dyno: LiveDyno } | { kind: 'wait' } | { kind: 'refuse'; code: RouterCode }

/**
 * `tried` are the dynos this request could not connect to, `failure` the code the last of them left; `chance` gives
 * [0, 1). Once every dyno is in quarantine, one that refused is asked again (a refusal costs nothing, and it may be
 * back), and so is one that is only suspected; one that did not answer is not.
 */
export function choose(
  app: LiveApp,
  now: number,
  chance: () => number,
  tried: readonly LiveDyno[] = [],
  failure: RouterCode = 'H34',
): Choice {
  const { route, dynos } = app
  if (route.maintenance) return { kind: 'refuse', code: 'H80' }
  if (dynos.length === 0) return withoutDynos(route.state)
  if (tried.length >= MAX_ATTEMPTS) return { kind: 'refuse', code: failure }
  let able: readonly LiveDyno[] = dynos
  if (tried.length > 0 || dynos.some((dyno) => dyno.quarantinedUntil > now)) {
    const untried = dynos.filter((dyno) => !tried.includes(dyno))
    able = untried.filter((dyno) => dyno.quarantinedUntil <= now)
    if (able.length === 0) able = untried.filter((dyno) => dyno.quarantine !== 'slow')
    if (able.length === 0) return { kind: 'refuse', code: failure }
  }
  return { kind: 'dyno', dyno: lessBusyOfTwo(able, chance) }
}

/**
 * The dyno to dial beside those that are late, undefined when nobody is better than they are: what is set aside would
 * only make an app that is slow altogether slower. `tried` holds the late ones too.
 */
export function chooseBeside(
  { route, dynos }: LiveApp,
  now: number,
  chance: () => number,
  tried: readonly LiveDyno[],
): LiveDyno | undefined {
  if (route.maintenance || tried.length >= MAX_ATTEMPTS) return undefined
  const able = dynos.filter((dyno) => dyno.quarantinedUntil <= now && !tried.includes(dyno))
  return able.length === 0 ? undefined : lessBusyOfTwo(able, chance)
}

/** Before choosing: may this app have one more request under way? */
export function isBacklogFull({ active, dynos }: LiveApp): boolean {
  return active >= REQUESTS_PER_DYNO * Math.max(1, dynos.length)
}

function withoutDynos(state: LiveApp['route']['state']): Choice {
  switch (state) {
    case 'blank':
      return { kind: 'refuse', code: 'H81' }
    case 'no-web':
      return { kind: 'refuse', code: 'H14' }
    case 'crashed':
      return { kind: 'refuse', code: 'H10' }
    case 'booting':
    case 'serving':
      return { kind: 'wait' }
  }
}

function lessBusyOfTwo(dynos: readonly LiveDyno[], chance: () => number): LiveDyno {
  const first = Math.floor(chance() * dynos.length)
  const a = dynos[first]!
  if (dynos.length === 1) return a
  const step = 1 + Math.floor(chance() * (dynos.length - 1))
  const b = dynos[(first + step) % dynos.length]!
  return busy(b) < busy(a) ? b : a
}

function busy({ requests, upgraded }: LiveDyno): number {
  return requests + upgraded
}
