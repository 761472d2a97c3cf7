// The scheduler: keeps what runs equal to what is wanted, and tells routers.
//
// Wakes, events of the engine and jobs that ended say which app to look at;
// every few seconds all apps are looked at, since any of these may be lost.
import { paths } from '@paas/contract/settings'
import { findContainerEnd } from '@paas/engine/dynos'
import { watchContainers } from '@paas/engine/events'
import { ensureFirewall } from '@paas/engine/firewall'
import type { Service } from '@paas/service/service'
import { pause } from '@paas/service/wait'
import { listAppIds, readAppRows } from '@paas/store/world'
import type { Scheduler, SchedulerDeps } from './deps.ts'
import { watchDisk } from './disk.ts'
import { Erasures } from './erasures.ts'
import { Jobs } from './jobs.ts'
import { watchMemory } from './memory.ts'
import { PreparedNetworks } from './prepared.ts'
import { Reconciler } from './reconciler.ts'
import { openRendezvous } from './rendezvous.ts'
import { RouteServer } from './routes.ts'
import { sweep } from './sweep.ts'

const RESYNC_MS = 5_000
/** Every twelfth resync looks for what belongs to nobody, and sets the firewall again. */
const SWEEP_EVERY = 12
const FIRST_TABLE_RETRY_MS = 500
/** Between two apps of a resync: a look costs some ms, and thousands of apps must not fill the event loop. */
const PACE_MS = 10

/** Resolves when it listens; the first table follows as soon as the rows can be read. */
export async function startScheduler(deps: SchedulerDeps): Promise<Service> {
  const { log, settings } = deps
  const abort = new AbortController()
  const reconciler = new Reconciler()
  const look = (appId: string) => reconciler.look(appId)
  const jobs = new Jobs((appId, err) => {
    if (err) log.warn({ app: appId, err }, 'job.failed')
    look(appId)
  })
  const routes = new RouteServer(settings.domain, log)
  const scheduler: Scheduler = { ...deps, routes, jobs, erasures: new Erasures(), look, prepared: new PreparedNetworks(deps) }
  reconciler.scheduler = scheduler
  await routes.listen(paths.routesSocket(settings))
  const rendezvous = await openRendezvous(scheduler)
  const leave = wakeUp(scheduler)
  const running = [
    run(scheduler, abort.signal),
    watchMemory(deps, abort.signal),
    watchDisk(deps, abort.signal),
    followEngine(scheduler, abort.signal),
  ]
  return {
    name: 'scheduler',
    async close() {
      abort.abort()
      leave()
      scheduler.prepared.close()
      const doors = Promise.all([rendezvous.close(), routes.close()])
      await reconciler.close()
      await jobs.close()
      await Promise.all([doors, ...running])
    },
  }
}

function wakeUp({ store, look, prepared }: Scheduler): () => void {
  const hear = (appId: string | undefined) => appId && look(appId) // undefined: the next resync is soon enough
  const offs = (['app', 'release'] as const).map((topic) => store.wakes.on(topic, hear))
  offs.push(store.wakes.on('push', (appId) => appId && prepared.prepare(appId)))
  return () => {
    for (const off of offs) off()
  }
}

async function followEngine({ engine, look }: Scheduler, signal: AbortSignal): Promise<void> {
  await watchContainers(
    engine,
    (change) => {
      const { id, appId, dynoId, action } = change ?? {}
      if (!id || !appId || !dynoId || action === 'create') return
      if (action === 'die') void ended(engine, id).then(() => look(appId))
      else look(appId)
    },
    signal,
  )
}

/**
 * The engine tells of an end before its list of containers shows it, so that a look at once would see it running. Asking about the one
 * waits on the engine's lock until the end is complete (`handleContainerExit` in moby's daemon/monitor.go). Never rejects.
 */
async function ended(engine: Scheduler['engine'], containerId: string): Promise<void> {
  await findContainerEnd(engine, containerId).catch(() => {})
}

/** First the table, from rows alone; then all apps, again and again. */
async function run(scheduler: Scheduler, signal: AbortSignal): Promise<void> {
  const { log } = scheduler
  while (!signal.aborted && !(await publishAll(scheduler))) await pause(FIRST_TABLE_RETRY_MS, signal)
  for (let count = 0; !signal.aborted; count += 1) {
    try {
      if (count % SWEEP_EVERY === 0) await setFirewall(scheduler)
      for (const appId of await listAppIds(scheduler.store)) {
        scheduler.look(appId)
        if (count > 0) await pause(PACE_MS, signal)
      }
      if (count % SWEEP_EVERY === 0) await sweep(scheduler)
      await scheduler.prepared.sweep()
    } catch (err) {
      log.warn({ err }, 'resync.failed')
    }
    await pause(RESYNC_MS, signal)
  }
}

async function publishAll({ store, routes, log }: Scheduler): Promise<boolean> {
  try {
    for (const appId of await listAppIds(store)) routes.publish(appId, await readAppRows(store, appId))
    routes.ready()
    return true
  } catch (err) {
    log.warn({ err }, 'table.not_read')
    return false
  }
}

async function setFirewall({ engine, settings, log }: Scheduler): Promise<void> {
  if (!settings.dockerHost.startsWith('unix:')) return // the rules belong on the engine's machine
  const ports = [settings.httpPort, settings.httpsPort, settings.rendezvousPort]
  await ensureFirewall(engine, ports).catch((err: unknown) => log.warn({ err }, 'firewall.not_set'))
}
