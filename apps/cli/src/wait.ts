// Waiting for a change to be live, by asking again: 200 ms at first, growing to
// 1 s. The platform being restarted meanwhile is not a failure of the change.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, isPassing, path } from './api.ts'
import { Failure } from './failure.ts'
import type { Dyno, Formation, Release } from './objects.ts'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 1000
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
  const read = async () => {
    const [formation, dynos, release] = await Promise.all([
      api.get<Formation[]>(path`/apps/${app}/formation`),
      api.get<Dyno[]>(path`/apps/${app}/dynos`),
      getNewestRelease(api, app),
    ])
    return { dynos, missing: missingDynos(formation, dynos, release, only) }
  }
  const deadline = Date.now() + timeoutMs
  const { dynos, missing } = await poll(read, (found) => found.missing.length === 0 || Date.now() > deadline)
  if (missing.length === 0) return dynos
  throw new Failure(`Not up after ${Math.round(timeoutMs / 1000)} s: ${missing.join(', ')}`, {
    hint: `See \`paas ps --app ${app}\` and \`paas logs --app ${app}\`.`,
  })
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
  let pauseMs = FIRST_PAUSE_MS
  let heardAt = Date.now()
  for (;;) {
    try {
      const found = await read()
      if (done(found)) return found
      heardAt = Date.now()
    } catch (err) {
      const away = isPassing(err) || (err instanceof Failure && err.id === 'ECONNREFUSED')
      if (!away || Date.now() - heardAt > ABSENCE_MS) throw err
    }
    await sleep(pauseMs)
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.3)
  }
}
