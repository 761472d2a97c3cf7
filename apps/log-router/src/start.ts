// The log-router: every dyno's output and the platform's own lines come in,
// ordered streams go out to whoever reads them.
import type { HostEngines } from '@paas/contract/host-engines'
import { paths, type Settings } from '@paas/contract/settings'
import type { ContainerOutput } from '@paas/engine/container-output'
import type { Logger } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { openDoor } from './door.ts'
import { followDynos } from './dynos.ts'
import { followHosts } from './host-outputs.ts'
import { Meter } from './meter.ts'
import { Streams } from './streams.ts'

const SWEEP_MS = 60_000

export interface LogRouterDeps {
  settings: Pick<Settings, 'dataDir' | 'runDir'>
  engine: ContainerOutput
  /** Opens the engine of another host. */
  openEngine(host: HostEngines[number]): ContainerOutput
  log: Logger
}

/** Serves `logs.sock` when it resolves. */
export async function startLogRouter({ settings, engine, openEngine, log }: LogRouterDeps): Promise<Service> {
  const abort = new AbortController()
  const streams = new Streams(paths.logs(settings), log)
  const meter = new Meter()
  const door = await openDoor(paths.logsSocket(settings), streams, meter, log)
  const follow = (output: ContainerOutput, signal: AbortSignal) => followDynos({ output, streams, meter, log }, signal)
  const following = [
    follow(engine, abort.signal),
    followHosts({ file: paths.hostEngines(settings), open: openEngine, follow, log }, abort.signal),
  ]
  const sweeper = setInterval(() => {
    streams.sweep(Date.now()).catch((err) => log.error({ err }, 'log-streams.sweep-failed'))
  }, SWEEP_MS)
  return {
    name: 'log-router',
    async close() {
      clearInterval(sweeper)
      abort.abort()
      await Promise.all(following)
      meter.close()
      await door.close()
      await streams.close()
    },
  }
}
