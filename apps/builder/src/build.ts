// One build from its claim to its end. While it runs the lease is renewed; who
// cannot renew it has been replaced and stops without a word, since every write
// would be refused anyway. A wish to cancel comes with a wake-up, so it is
// honoured at once, and with every renewal in case the wake-up was lost.
import { rm } from 'node:fs/promises'
import type { Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { redactor } from '@paas/domain/redact'
import { removeImage } from '@paas/engine/images'
import type { LogWriter } from '@paas/logs/types'
import type { Queues } from '@paas/queue/types'
import type { Logger } from '@paas/service/log'
import { findBuildApp, forgetSource, isCancelWanted, MAX_ATTEMPTS, renewLease } from '@paas/store/builder-claims'
import { type Build, type Claim, failBuild, finishBuild } from '@paas/store/builds'
import type { Store } from '@paas/store/store'
import { refuseOnFullDisk, watchDisk } from './disk.ts'
import { type ImageDeps, makeImage } from './image.ts'
import { BuildOutput } from './output.ts'

/** A killed builder's build goes to another within this and one look of the reconciler: under 10 s. */
export const LEASE_MS = 7_000
const RENEW_MS = 1_500

export interface BuildDeps {
  store: Store
  queues: Pick<Queues, 'add'>
  logs: LogWriter
  log: Logger
  image: ImageDeps
  settings: Pick<Settings, 'buildTimeoutMs' | 'dataDir' | 'diskReserveBytes'>
}

/** Why a build was stopped from outside of it. */
type Stop =
  | { kind: 'canceled' }
  | { kind: 'disk'; why: PlatformError }
  | { kind: 'timeout' }
  | { kind: 'lost' }
  | { kind: 'shutdown' }

/** Resolves when it has ended, one way or another, or is no longer ours. `shutdown` leaves it to the next builder. */
export async function runBuild(deps: BuildDeps, build: Build, shutdown: AbortSignal): Promise<void> {
  const { store, logs, log } = deps
  const claim: Claim = { id: build.id, appId: build.appId, attempt: build.attempt }
  const fields = { app: build.appId, build: build.id, attempt: build.attempt }
  const started = performance.now()
  const output = new BuildOutput(logs, claim)
  const abort = new AbortController()
  let stop: Stop | undefined
  const end = (why: Stop) => {
    stop ??= why
    abort.abort(new PlatformError('build_canceled', `The build was stopped: ${why.kind}`))
  }

  const onShutdown = () => end({ kind: 'shutdown' })
  shutdown.addEventListener('abort', onShutdown)
  if (shutdown.aborted) onShutdown()
  const clock = setTimeout(() => end({ kind: 'timeout' }), deps.settings.buildTimeoutMs)
  const lease = keepLease(store, claim, end)
  const disk = watchDisk(deps.image.engine, build, deps.settings, (why) => end({ kind: 'disk', why }))
  const off = store.wakes.on('build', (id) => {
    if (id !== undefined && id !== build.id) return
    isCancelWanted(store, claim).then(
      (wanted) => wanted && end({ kind: 'canceled' }),
      () => {}, // the next renewal tells as well
    )
  })
  if (build.cancelWanted) end({ kind: 'canceled' })

  let written = false
  try {
    const slug = await buildSlug(deps, build, output, abort.signal)
    if (stop) throw new PlatformError('build_canceled', 'stopped')
    written = await untilWritten(() => finishBuild(store, claim, slug))
    if (!written) await removeImage(deps.image.engine, slug.image).catch(() => {})
    log.info({ ...fields, written, elapsedMs: Math.round(performance.now() - started) }, 'build.succeeded')
  } catch (error) {
    const failure = explain(error, stop, deps.settings.buildTimeoutMs)
    if (!failure) {
      log.info({ ...fields, stop: stop?.kind }, 'build.handed_over')
      return
    }
    if (!(error instanceof PlatformError)) log.error({ ...fields, err: error }, 'build.broken')
    output.flush()
    output.verdict(withHint(failure))
    written = await untilWritten(() =>
      failBuild(store, claim, { code: failure.code, message: withHint(failure), canceled: failure.code === 'build_canceled' }),
    )
    log.info({ ...fields, code: failure.code, written, elapsedMs: Math.round(performance.now() - started) }, 'build.failed')
  } finally {
    clearTimeout(clock)
    lease.stop()
    disk.close()
    off()
    shutdown.removeEventListener('abort', onShutdown)
  }
  if (!written) return
  logs.end(`build:${build.id}`)
  await deps.queues.add('results', build.id, { appId: build.appId, buildId: build.id }).catch((err) => {
    log.warn({ ...fields, err }, 'result.not_queued') // the api's reconciler finds the row
  })
  await dropSource(store, build)
}

async function buildSlug(deps: BuildDeps, build: Build, output: BuildOutput, signal: AbortSignal) {
  signal.throwIfAborted()
  if (build.attempt > MAX_ATTEMPTS) {
    throw new PlatformError('build_failed', `The build was given up after ${MAX_ATTEMPTS} attempts that ended without a result`, {
      hint: 'Push again.',
    })
  }
  await refuseOnFullDisk(deps.settings)
  const app = await findBuildApp(deps.store, build.appId)
  if (!app || !build.sourcePath) throw new PlatformError('build_failed', 'The app or its source is gone')
  output.hide(redactor(Object.values(app.env)))
  if (build.attempt > 1) output.heading('Building again: the builder before was lost')
  return makeImage(
    deps.image,
    { ...build, sourcePath: build.sourcePath, buildpacks: app.buildpacks, env: app.env },
    output,
    signal,
  )
}

/** What the pusher is told; undefined: nothing, for somebody else goes on with it. */
function explain(error: unknown, stop: Stop | undefined, timeoutMs: number): PlatformError | undefined {
  switch (stop?.kind) {
    case 'lost':
    case 'shutdown':
      return undefined
    case 'disk':
      return stop.why
    case 'canceled':
      return new PlatformError('build_canceled', 'The build was canceled')
    case 'timeout':
      return new PlatformError(
        'build_timeout',
        `The build took longer than ${Math.round(timeoutMs / 60_000)} minutes and was stopped`,
      )
    case undefined:
      if (error instanceof PlatformError) return error
      return new PlatformError('build_failed', 'The platform failed to build this app', {
        cause: error,
        hint: 'Its log says why; push again later.',
      })
  }
}

function withHint({ message, hint }: PlatformError): string {
  return hint ? `${message}\n${hint}` : message
}

/** Renews until stopped. Two misses in a row are a lost lease as well: by then it has run out. */
function keepLease(store: Store, claim: Claim, end: (why: Stop) => void): { stop(): void } {
  let heldUntil = Date.now() + LEASE_MS
  let busy = false
  const timer = setInterval(async () => {
    if (busy) return
    busy = true
    const asked = Date.now()
    try {
      const held = await renewLease(store, claim, LEASE_MS)
      if (!held) end({ kind: 'lost' })
      else if (held.cancelWanted) end({ kind: 'canceled' })
      heldUntil = asked + LEASE_MS
    } catch {
      if (Date.now() > heldUntil) end({ kind: 'lost' })
    } finally {
      busy = false
    }
  }, RENEW_MS)
  return { stop: () => clearInterval(timer) }
}

/** The end of a build is worth more than one try: Postgres may be restarting. */
async function untilWritten(write: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await write()
    } catch (error) {
      if (tries === 5) throw error
      await new Promise((resolve) => setTimeout(resolve, tries * 300))
    }
  }
}

/** The source has served; on failure the reconciler removes it later. */
export async function dropSource(store: Store, build: Pick<Build, 'id' | 'appId' | 'sourcePath'>): Promise<void> {
  if (!build.sourcePath) return
  await rm(build.sourcePath, { force: true })
  await rm(`${build.sourcePath}.layer`, { force: true })
  await forgetSource(store, build)
}
