// One router process. The supervisor starts several and gives each the whole
// settings as JSON in PAAS_SETTINGS; SIGTERM drains and ends it.
import { paths, type Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { openLogWriter } from '@paas/logs/writer'
import { createLog } from '@paas/service/log'
import { startRouter } from './start.ts'

const text = process.env['PAAS_SETTINGS']
if (!text)
  throw new PlatformError('settings_invalid', 'PAAS_SETTINGS is not set.', { hint: 'The platform starts its routers by itself.' })
const settings: Settings = JSON.parse(text)

const log = createLog('router', settings.logLevel)
const logs = openLogWriter(paths.logsSocket(settings), log)
try {
  const service = await startRouter({ settings, logs, log })
  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'router.stopping')
    await service.close()
    await logs.flush(1_000)
    await logs.close()
    log.info({}, 'router.stopped')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
} catch (err) {
  log.error({ err }, 'router.failed')
  process.exit(1)
}
