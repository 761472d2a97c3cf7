// Whether this host builds Dockerfiles in a sandbox, found out once, when the
// builder starts; builds wait for the answer.
import { probeIsolation } from '@paas/engine/build-isolated-probe'
import type { Engine } from '@paas/engine/client'
import type { Logger } from '@paas/service/log'

/** Never rejects. Undefined: the engine's own builder has to do, and the log says why. */
export async function findIsolation(
  engine: Engine,
  where: { holder: string; folder: string },
  log: Logger,
  signal: AbortSignal,
): Promise<{ folder: string } | undefined> {
  const started = performance.now()
  try {
    await probeIsolation(engine, where, signal)
    log.info({ elapsedMs: Math.round(performance.now() - started) }, 'dockerfiles.built_in_sandbox')
    return { folder: where.folder }
  } catch (err) {
    if (!signal.aborted) log.warn({ err }, 'dockerfiles.built_by_engine')
    return undefined
  }
}
