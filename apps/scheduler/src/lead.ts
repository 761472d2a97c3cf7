// What only the leading scheduler does: look at apps, place and stop dynos,
// watch hosts.
//
// Wakes, events of the engines and jobs that ended say which app to look at;
// every few seconds all apps are looked at, since any of these may be lost.
import { ensureFirewall } from '@paas/engine/firewall'
import { watchNodes } from '@paas/engine/swarm-nodes'
import type { Service } from '@paas/service/service'
import { pause } from '@paas/service/wait'
import { openTermStore } from '@paas/store/store'
import { listAppIds, readAppRows } from '@paas/store/world'
import { watchCertificates } from './certificates.ts'
import type { Scheduler, SchedulerDeps } from './deps.ts'
import { watchDisk } from './disk.ts'
import { Erasures } from './erasures.ts'
import { tidyExecs } from './exec-session.ts'
import { Fleet } from './fleet.ts'
import { HostCare } from './host-care.ts'
import { HostImages } from './host-images.ts'
import { HostWatches } from './host-watches.ts'
import { Jobs } from './jobs.ts'
import { configureLinks, LinkTurns } from './links.ts'
import { watchMemory } from './memory.ts'
import { Placer } from './placer.ts'
import { PreparedNetworks } from './prepared.ts'
import { Reconciler } from './reconciler.ts'
import { openRendezvous } from './rendezvous.ts'
import type { RouteServer } from './routes.ts'
import { readNodes } from './swarm-nodes.ts'
import { sweep } from './sweep.ts'

const RESYNC_MS = 5_000
/** Every twelfth resync looks for what belongs to nobody, and sets the firewall again. */
const SWEEP_EVERY = 12
const FIRST_TABLE_RETRY_MS = 500
/** Between two apps of a resync: a look costs some ms, and thousands of apps must not fill the event loop. */
const PACE_MS = 10

/** Resolves when it is at work; close() ends after the steps under way. */
export async function lead({ ...deps }: SchedulerDeps, routes: RouteServer, term: number): Promise<Service> {
  const { log, settings } = deps
  deps.store = openTermStore(settings, deps.store, term)
  const abort = new AbortController()
  const reconciler = new Reconciler()
  const look = (appId: string) => reconciler.look(appId)
  const jobs = new Jobs((appId, err) => {
    if (err) log.warn({ app: appId, err }, 'job.failed')
    look(appId)
  })
  const fleet = new Fleet(deps)
  const placer = new Placer({ store: deps.store, fleet, memoryOvercommit: settings.memoryOvercommit })
  const hostImages = new HostImages({ ...deps, fleet, placer, base: deps.stackImage })
  const prepared = new PreparedNetworks({ ...deps, fleet, placer })
  const scheduler: Scheduler = {
    ...deps,
    routes,
    jobs,
    erasures: new Erasures(),
    look,
    prepared,
    fleet,
    placer,
    hostImages,
    linkTurns: new LinkTurns(),
  }
  const watches = new HostWatches()
  const care = new HostCare()
  reconciler.scheduler = scheduler
  const rendezvous = await openRendezvous(scheduler)
  const leave = wakeUp(scheduler, { watches, care })
  const running = [
    run(scheduler, { watches, care }, abort.signal),
    watchSwarm(scheduler, abort.signal),
    watchMemory(scheduler, abort.signal),
    watchDisk(scheduler, abort.signal),
    watchCertificates(scheduler, abort.signal),
  ]
  return {
    name: 'leader',
    async close() {
      abort.abort()
      leave()
      prepared.close()
      const door = rendezvous.close()
      await reconciler.close()
      await jobs.close()
      await watches.close()
      await care.close()
      await Promise.all([door, ...running])
      await deps.store.close()
    },
  }
}

interface Hosts {
  watches: HostWatches
  care: HostCare
}

function wakeUp(scheduler: Scheduler, hosts: Hosts): () => void {
  const { store, look, prepared, hostImages, log } = scheduler
  const hear = (appId: string | undefined) => appId && look(appId) // undefined: the next resync is soon enough
  const offs = (['app', 'release'] as const).map((topic) => store.wakes.on(topic, hear))
  offs.push(store.wakes.on('push', (appId) => appId && prepared.prepare(appId)))
  offs.push(store.wakes.on('build', (buildId) => buildId && hostImages.announceBuilt(buildId)))
  offs.push(
    store.wakes.on('host', () => readHosts(scheduler, hosts).catch((err: unknown) => log.warn({ err }, 'hosts.not_read'))),
  )
  return () => {
    for (const off of offs) off()
  }
}

/** What changes in the list of nodes is in the rows at once, and with the next resync whatever was missed. Never rejects. */
async function watchSwarm(scheduler: Scheduler, signal: AbortSignal): Promise<void> {
  if (scheduler.settings.engineKind !== 'swarm') return
  const read = () => readNodes(scheduler).catch((err: unknown) => scheduler.log.warn({ err }, 'nodes.not_read'))
  const watching = watchNodes(scheduler.engine, () => void read(), signal)
  while (!signal.aborted) {
    await pause(RESYNC_MS, signal)
    if (!signal.aborted) await read()
  }
  await watching
}

/** First the table, from rows alone; then all apps, again and again. */
async function run(scheduler: Scheduler, hosts: Hosts, signal: AbortSignal): Promise<void> {
  const { log } = scheduler
  while (!signal.aborted && !(await publishAll(scheduler))) await pause(FIRST_TABLE_RETRY_MS, signal)
  for (let count = 0; !signal.aborted; count += 1) {
    try {
      await readHosts(scheduler, hosts)
      if (count % SWEEP_EVERY === 0) await setFirewall(scheduler)
      for (const appId of await listAppIds(scheduler.store)) {
        scheduler.look(appId)
        if (count > 0) await pause(PACE_MS, signal)
      }
      if (count % SWEEP_EVERY === 0) await tidy(scheduler)
      await scheduler.prepared.sweep()
      await tidyExecs(scheduler)
    } catch (err) {
      log.warn({ err }, 'resync.failed')
    }
    await pause(RESYNC_MS, signal)
  }
}

/** What belongs to nobody goes; links that somebody else has disturbed are set again. */
async function tidy(scheduler: Scheduler): Promise<void> {
  await sweep(scheduler)
  await scheduler.linkTurns.run(() => configureLinks(scheduler))
}

/** What there is to place on, who is watched, and who comes or goes. */
async function readHosts(scheduler: Scheduler, { watches, care }: Hosts): Promise<void> {
  await scheduler.fleet.refresh()
  await scheduler.placer.refresh()
  watches.adjust(scheduler)
  care.adjust(scheduler)
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

async function setFirewall({ engine, fleet, settings, log }: Scheduler): Promise<void> {
  if (!settings.dockerHost.startsWith('unix:')) return // the rules belong on the engine's machine
  const publicPorts = [settings.httpPort, settings.httpsPort, settings.rendezvousPort]
  await ensureFirewall(engine, { publicPorts, gateway: fleet.local().dynos.gateway }).catch((err: unknown) =>
    log.warn({ err }, 'firewall.not_set'),
  )
}
