// Waiting for a change to be live, by asking again: the longer it takes, the
// more seldom. The platform being restarted meanwhile is not a failure of the
// change.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, isPassing, path } from './api.ts'
import { Failure } from './failure.ts'
import type { Dyno, Formation, Release } from './objects.ts'

const SHORTEST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1000
/** Of the time waited so far: so late we may notice, at most. */
const PAUSE_SHARE = 1 / 20
/** What is wanted is asked for again after this long; until then only what runs. */
const WANTED_KEPT_MS = 2000
/** How long the API may be away while we wait. */
const ABSENCE_MS = 60_000

export const NEWEST_RELEASE = 'version ..; max=1, order=desc'

export async function getNewestRelease(api: Api, app: string): Promise<Release> {
  const [release] = await api.get<Release[]>(path`/apps/${app}/releases`, { range: NEWEST_RELEASE })
  if (!release) throw new Failure(`${app} has no releases yet.`)
  return release
}

/** The release once it is live. Throws its own reason when it failed; `old` says what goes on serving. */
export async function waitForRelease(api: Api, app: string, version: number): Promise<Release> {
  const read = () => api.get<Release>(path`/apps/${app}/releases/${version}`)
  const release = await poll(read, (found) => found.status !== 'pending')
  if (release.status !== 'failed') return release
  throw new Failure(`v${version} failed${release.failure?.message ? `: ${release.failure.message}` : '.'}`, {
    id: release.failure?.code,
    hint: `The release before it goes on serving. See \`paas logs --app ${app}\`.`,
  })
}

/** Resolves when every wanted dyno is up on the newest release; throws after `timeoutMs`, naming those that are not. */
export async function waitForDynos(api: Api, app: string, timeoutMs: number, only?: string): Promise<Dyno[]> {
  let wanted: Wanted | undefined
  const read = async () => {
    const dynos = await api.get<Dyno[]>(path`/apps/${app}/dynos`)
    const missing = wanted && missingDynos(wanted.formation, dynos, wanted.release, only)
    if (wanted && missing?.length && Date.now() - wanted.readAt < WANTED_KEPT_MS) return { dynos, missing }
    wanted = await readWanted(api, app) // somebody may have changed it meanwhile
    return { dynos, missing: missingDynos(wanted.formation, dynos, wanted.release, only) }
  }
  const deadline = Date.now() + timeoutMs
  const { dynos, missing } = await poll(read, (found) => found.missing.length === 0 || Date.now() > deadline)
  if (missing.length === 0) return dynos
  throw new Failure(`Not up after ${Math.round(timeoutMs / 1000)} s: ${missing.join(', ')}`, {
    hint: `See \`paas ps --app ${app}\` and \`paas logs --app ${app}\`.`,
  })
}

interface Wanted {
  formation: Formation[]
  release: Release
  /** Milliseconds since the epoch. */
  readAt: number
}

async function readWanted(api: Api, app: string): Promise<Wanted> {
  const readAt = Date.now()
  const [formation, release] = await Promise.all([api.get<Formation[]>(path`/apps/${app}/formation`), getNewestRelease(api, app)])
  return { formation, release, readAt }
}

/**
 * What is still to happen, in words; empty when the app runs as it is wanted. A failed release is never waited for:
 * the dynos of the one before it count.
 */
export function missingDynos(
  formation: readonly Formation[],
  dynos: readonly Dyno[],
  release: Pick<Release, 'version' | 'status'>,
  only?: string,
): string[] {
  return formation
    .filter(({ type }) => only === undefined || type === only)
    .flatMap(({ type, quantity }) => {
      const own = dynos.filter((dyno) => dyno.type === type)
      const fresh = own.filter((dyno) => release.status === 'failed' || dyno.release.version >= release.version)
      const up = fresh.filter((dyno) => dyno.state === 'up')
      if (up.length === quantity && own.length === quantity) return []
      const others = own.filter((dyno) => !up.includes(dyno))
      const reasons = others.map(
        (dyno) => `${dyno.name} ${dyno.state} v${dyno.release.version}${dyno.reason ? ` (${dyno.reason})` : ''}`,
      )
      return [`${type} has ${up.length} of ${quantity} up`, ...reasons]
    })
}

async function poll<T>(read: () => Promise<T>, done: (found: T) => boolean): Promise<T> {
  const beganAt = Date.now()
  let heardAt = beganAt
  for (;;) {
    try {
      const found = await read()
      if (done(found)) return found
      heardAt = Date.now()
    } catch (err) {
      const away = isPassing(err) || (err instanceof Failure && err.id === 'ECONNREFUSED')
      if (!away || Date.now() - heardAt > ABSENCE_MS) throw err
    }
    const share = (Date.now() - beganAt) * PAUSE_SHARE
    await sleep(Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, share)))
  }
}
