// Starting a dyno, and watching it until it is up.
import { PlatformError } from '@paas/domain/errors'
import { statusOf } from '@paas/engine/client'
import type { DynoContainer } from '@paas/engine/dynos'
import { pause } from '@paas/service/wait'
import { changeDyno, type DynoOrder, findDyno, findDynoOrder } from '@paas/store/dynos'
import { lines, say } from './app-lines.ts'
import { type BootResult, waitUntilUp } from './boot.ts'
import type { Scheduler } from './deps.ts'
import { crash } from './dyno-end.ts'
import { dynoSpec, WEB_PORT } from './dyno-spec.ts'
import { findPlace, leaveFullHost } from './places.ts'

const STARTING = ['starting'] as const
const START_TRIES = 3
const START_PAUSE_MS = 300
/** The host is there, and cannot get the image. */
const IMAGE_FAULTS: ReadonlySet<string> = new Set(['registry_refused', 'registry_unreachable', 'engine_refused'])

/** A row in `starting` gets its container; anything but web is up with it. */
export async function startDyno(scheduler: Scheduler, appId: string, dynoId: string): Promise<void> {
  const { store, logs } = scheduler
  const order = await findDynoOrder(store, { appId, id: dynoId })
  const hostId = order && (await findPlace(scheduler, order))
  if (!order || !hostId) return
  const name = `${order.dyno.type}.${order.dyno.number}`
  say(logs, appId, name, lines.starting(order.dyno.command))
  const began = performance.now()
  const started = await tryStart(scheduler, order, hostId)
  if (started instanceof PlatformError) {
    if (await leaveFullHost(scheduler, { appId, id: dynoId, hostId }, started)) return
    say(logs, appId, name, `Failed to start: ${started.message}`)
    return crash(scheduler, appId, dynoId, { containerId: undefined, reason: started.message })
  }
  const { id: containerId, address } = started
  scheduler.log.info(
    { app: appId, dyno: name, release: order.release.version, elapsedMs: performance.now() - began },
    'dyno.started',
  )
  const web = order.dyno.type === 'web'
  // Since now it is starting: neither waiting for a place nor fetching its image took of the time it has to bind its port.
  const where = {
    containerId,
    ...(address && { address }),
    ...(web && { port: WEB_PORT }),
    state: web ? 'starting' : 'up',
  } as const
  const written = await changeDyno(store, { appId, id: dynoId, from: STARTING }, where)
  if (!written) return
  if (web) watchBoot(scheduler, order, { hostId, containerId, address })
  else say(logs, appId, name, lines.changed('starting', 'up'))
}

/**
 * The engine's refusal is a value: it is there and says no (no such program, no such image), which is the dyno's fault. What it
 * calls its own fault is tried again first. Rejects when the engine is away: the step is planned again.
 */
async function tryStart(
  { fleet, hostImages, settings, prepared }: Scheduler,
  order: DynoOrder,
  hostId: string,
): Promise<DynoContainer | PlatformError> {
  const dynos = fleet.dynosOf(hostId)
  try {
    await hostImages.ensure(fleet.get(hostId)!, { appId: order.app.id, image: order.slug.image })
  } catch (error) {
    if (error instanceof PlatformError && IMAGE_FAULTS.has(error.code)) return error // it was tried again already
    throw error
  }
  const holder = order.dyno.type === 'web' ? await prepared.take(order.app.id, hostId) : undefined
  const spec = { ...dynoSpec(order, settings.stopGraceMs), ...(holder && { holderId: holder.id }) }
  for (let tries = 1; ; tries += 1) {
    try {
      return await dynos.start(spec)
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code !== 'engine_refused') throw error
      if ((statusOf(error.cause) ?? 0) < 500 || tries === START_TRIES) return error
      await pause(START_PAUSE_MS)
    }
  }
}

/** Goes on watching a dyno that a scheduler before this one started. */
export async function resumeBoot(scheduler: Scheduler, appId: string, dynoId: string): Promise<void> {
  const { store, fleet, settings } = scheduler
  const order = await findDynoOrder(store, { appId, id: dynoId })
  const hostId = order?.dyno.hostId
  if (!order || !hostId) return
  // Finds the running container by its name and asks for its address.
  const { id: containerId, address } = await fleet.dynosOf(hostId).start(dynoSpec(order, settings.stopGraceMs))
  const web = order.dyno.type === 'web'
  await changeDyno(
    store,
    { appId, id: dynoId, from: STARTING },
    { containerId, ...(address && { address }), ...(web ? { port: WEB_PORT } : { state: 'up' }) },
  )
  if (web) watchBoot(scheduler, order, { hostId, containerId, address })
}

function watchBoot(
  scheduler: Scheduler,
  order: DynoOrder,
  { hostId, containerId, address }: { hostId: string; containerId: string; address: string | undefined },
) {
  const { app, dyno, slug } = order
  const { store, fleet, logs, settings, jobs } = scheduler
  const name = `${dyno.type}.${dyno.number}`
  void jobs.run(app.id, dyno.id, 'boot', async (signal) => {
    if (!address) return // it has ended already: the next pass sees that
    const row = await findDyno(store, { appId: app.id, id: dyno.id })
    const deadlineMs = (row?.stateSince.getTime() ?? Date.now()) + settings.bootTimeoutMs
    const hostname = `${app.name}.${settings.domain}`
    const target = { address, port: WEB_PORT, hostname, healthPath: slug.healthPath }
    const result = await waitUntilUp(target, deadlineMs, signal)
    if (result === 'aborted') return
    if (result === 'up') {
      const up = await changeDyno(store, { appId: app.id, id: dyno.id, from: STARTING }, { state: 'up', reason: null })
      if (up) say(logs, app.id, name, lines.changed('starting', 'up'))
      return
    }
    scheduler.log.warn({ app: app.id, dyno: name, host: fleet.get(hostId)?.host.name, address, result }, 'dyno.boot_timeout')
    const seconds = settings.bootTimeoutMs / 1000
    say(logs, app.id, name, timeoutLine(result, slug.healthPath, seconds))
    say(logs, app.id, name, lines.killed)
    // The reason first: its end is seen by others too, who would only know the signal.
    const reason = timeoutReason(result, slug.healthPath, seconds)
    await changeDyno(store, { appId: app.id, id: dyno.id, from: STARTING }, { reason })
    await fleet.dynosOf(hostId).kill(containerId)
    await crash(scheduler, app.id, dyno.id, { containerId })
  })
}

type Failed = Exclude<BootResult, 'up' | 'aborted'>

function timeoutLine(result: Failed, healthPath: string | null, seconds: number): string {
  return result === 'not-bound' ? lines.bootTimeout(seconds) : lines.unhealthy(healthPath ?? '/', seconds, result.unhealthy)
}

function timeoutReason(result: Failed, healthPath: string | null, seconds: number): string {
  if (result === 'not-bound') return `R10 boot timeout: it did not bind to $PORT within ${seconds} seconds`
  return `R10 boot timeout: GET ${healthPath} did not answer 2xx within ${seconds} seconds (${result.unhealthy})`
}
