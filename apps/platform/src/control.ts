// The control process: api, receiver, builder and scheduler in one event loop,
// sharing one pool of connections. Each could run alone; together they cost a
// third of the memory on one machine.
import path from 'node:path'
import { startApi } from '@paas/api/start'
import { startBuilder } from '@paas/builder/start'
import { paths, type Settings } from '@paas/contract/settings'
import { openEngine } from '@paas/engine/client'
import { openLogReader } from '@paas/logs/reader'
import { openLogWriter } from '@paas/logs/writer'
import { openQueues } from '@paas/queue/queue'
import { startReceiver } from '@paas/receiver/start'
import { Registry } from '@paas/registry/registry'
import { startScheduler } from '@paas/scheduler/start'
import { createLog, type Logger } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { pause } from '@paas/service/wait'
import { ensureLinkImage } from '@paas/stack/link'
import { applyMigrations } from '@paas/store/migrate'
import { openStore, type Store } from '@paas/store/store'
import { ensureAdmin } from '@paas/store/users'
import { keepCertificates } from './certificates.ts'
import { ensureDatabase } from './database.ts'
import { hostAuthority } from './host-certificates.ts'
import { ensureAdminLogin } from './keys.ts'
import { followHosts } from './registry-hosts.ts'
import { knownStack } from './stack.ts'

const MIGRATIONS = path.resolve(import.meta.dirname, '../../../prisma/migrations')
const RETRY_MS = 300

const settings = JSON.parse(process.env['PAAS_SETTINGS'] ?? '{}') as Settings
const log = createLog('control', settings.logLevel)
const abort = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => abort.abort(name))

const services = await start(settings, log, abort.signal)
log.info('control.started')
if (!abort.signal.aborted) await new Promise((resolve) => abort.signal.addEventListener('abort', resolve, { once: true }))
for (const service of services.toReversed()) {
  await service.close().catch((err: unknown) => log.error({ err, service: service.name }, 'service.close_failed'))
}
process.exit(0) // sockets of stopped libraries must not hold us: everything of ours is closed

async function start(settings: Settings, log: Logger, signal: AbortSignal): Promise<Service[]> {
  await readyDatabase(settings, log, signal)
  const store = openStore({ databaseUrl: settings.databaseUrl, keyPath: paths.configKey(settings) })
  await ensureFirstAdmin(settings, store)
  const queues = openQueues({ redisUrl: settings.redisUrl, prefix: settings.namePrefix, log })
  const engine = openEngine(settings)
  const writer = openLogWriter(paths.logsSocket(settings), log)
  const reader = openLogReader(paths.logsSocket(settings))
  const logs = { reader, writer }
  const authority = hostAuthority(settings)
  const started: Service[] = [
    { name: 'store', close: () => store.close() },
    { name: 'queues', close: () => queues.close() },
    { name: 'logs', close: () => writer.close() },
    keepCertificates(settings, log),
    followHosts(store, settings, log),
  ]
  const stack = knownStack(settings)
  const registry = new Registry(settings)
  started.push(
    await startScheduler({
      ...{ store, engine, settings, authority, logs: writer, logReader: reader, log: log.child({ stage: 'scheduler' }) },
      ...{ registry, stackImage: stack.run },
      linkImage: (engine) =>
        ensureLinkImage(engine, {
          workDir: settings.cacheDir,
          onProgress: (line) => log.info({ line }, 'link.image'),
          ...(settings.aptSources && { aptSources: settings.aptSources }),
        }),
    }),
  )
  started.push(await startApi({ store, queues, logs, log: log.child({ stage: 'api' }), settings, authority }))
  started.push(
    await startBuilder({
      store,
      queues,
      engine,
      logs: writer,
      log: log.child({ stage: 'builder' }),
      stack,
      registry,
      settings,
      machine: process.env,
    }),
  )
  started.push(await startReceiver({ store, queues, logs, log: log.child({ stage: 'receiver' }), settings }))
  return started
}

/** Waits for Postgres for as long as it takes: until then apps are served by the routers alone. */
async function readyDatabase(settings: Settings, log: Logger, signal: AbortSignal): Promise<void> {
  for (let tries = 0; !signal.aborted; tries += 1) {
    try {
      await ensureDatabase(settings.databaseUrl)
      await applyMigrations(settings.databaseUrl, MIGRATIONS, log)
      return
    } catch (err) {
      if (tries % 20 === 0) log.warn({ err }, 'database.not_ready')
      await pause(RETRY_MS, signal)
    }
  }
}

async function ensureFirstAdmin(settings: Settings, store: Store): Promise<void> {
  await ensureAdmin(store, ensureAdminLogin(settings))
}
