// A process of its own, so that a flood of lines slows nothing but itself.
// Settings come as JSON in PAAS_SETTINGS, from apps/platform.
import type { Settings } from '@paas/contract/settings'
import { openContainerOutput } from '@paas/engine/container-output'
import { createLog } from '@paas/service/log'
import { startLogRouter } from './start.ts'

const CLOSE_DEADLINE_MS = 5_000

const settings = JSON.parse(process.env['PAAS_SETTINGS'] ?? '{}') as Settings
const log = createLog('log-router', settings.logLevel)
const service = await startLogRouter({
  ...{ settings, log, engine: openContainerOutput(settings) },
  openEngine: ({ dockerHost, tls }) => openContainerOutput({ dockerHost, tls, namePrefix: settings.namePrefix }),
})
log.info({ pid: process.pid }, 'log-router.started')

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    setTimeout(() => process.exit(1), CLOSE_DEADLINE_MS).unref()
    service.close().then(
      () => log.info('log-router.stopped'),
      (err) => {
        log.error({ err }, 'log-router.close-failed')
        process.exit(1)
      },
    )
  })
}
