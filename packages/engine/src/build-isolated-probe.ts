// Whether Dockerfiles can be built in a sandbox here: by building one. What a
// kernel, an engine or a package lacks is seldom where one would look for it.
import { randomBytes } from 'node:crypto'
import { PlatformError } from '@paas/domain/errors'
import { buildIsolated } from './build-isolated.ts'
import type { Engine } from './client.ts'
import { findImage, removeImage } from './images.ts'
import { layerWay } from './layers.ts'
import { makeTar } from './tar.ts'

/** Resolves when it can. Throws with what stands in the way. */
export async function probeIsolation(
  engine: Engine,
  where: { holder: string; folder: string },
  signal: AbortSignal,
): Promise<void> {
  if ((await layerWay(engine)) !== 'load') throw new PlatformError('engine_refused', 'This engine takes no partial archives')
  const base = await findImage(engine, where.holder)
  if (!base) throw new PlatformError('engine_refused', `The engine has no image ${where.holder}`)
  const id = base.id.replace('sha256:', '')
  const nonce = randomBytes(6).toString('hex')
  const dockerfile = `FROM ${id}\nUSER root\nRUN test "$(cat /proc/self/uid_map | tr -s ' ')" != ' 0 0 4294967295' && echo ${nonce} > /probe\n`
  const tag = `${engine.prefix}/probe:${nonce}`
  const build = {
    buildId: `probe-${nonce}`,
    appId: 'probe',
    tag,
    bases: [id],
    labels: { 'paas.prefix': engine.prefix },
    buildArgs: {},
    files: {},
  }
  const context = await makeTar([{ kind: 'file', name: 'Dockerfile', content: dockerfile }])
  let said = ''
  try {
    await buildIsolated(
      engine,
      { ...build, ...where, context, memoryMiB: 256, pids: 64, maxBytes: 1e6 },
      (chunk) => {
        said = (said + chunk).slice(-1_000)
      },
      signal,
    )
  } catch (cause) {
    signal.throwIfAborted()
    throw new PlatformError('engine_refused', `A build in a sandbox failed: ${(cause as Error).message}\n${said}`.trim(), {
      cause,
    })
  }
  await removeImage(engine, tag)
}
