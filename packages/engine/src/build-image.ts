// A Dockerfile built by the engine itself (its classic builder), with every
// limit that builder takes: memory, CPU, network, parent cgroup. It has no
// pids limit and drops no capability, so it is for installs where whoever
// pushes is trusted with that; see docs/design/030-builds.md.
import type { Readable } from 'node:stream'
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from './client.ts'
import { ensureBuildsNetwork } from './networks.ts'
import { openTar, type TarSource } from './tar.ts'

const CPU_SHARES = 256
const CPU_PERIOD_US = 100_000
/** Starting takes this long at most; the build itself runs until the signal aborts. */
const START_DEADLINE_MS = 120_000

export interface ImageBuild {
  context: TarSource
  tag: string
  buildArgs: Record<string, string>
  memoryMiB: number
}

/** Builds and tags. Throws `build_failed` with the builder's reason; rejects with the signal's reason when aborted, which stops the build. */
export async function buildImage(
  engine: Engine,
  build: ImageBuild,
  onOutput: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  const network = await ensureBuildsNetwork(engine)
  const memory = build.memoryMiB * 1024 * 1024
  const { stream } = await openTar(build.context)
  const answer = (await engine.call(
    `build ${build.tag}`,
    () =>
      engine.docker.buildImage(
        stream as unknown as NodeJS.ReadableStream,
        {
          t: build.tag,
          buildargs: build.buildArgs,
          memory,
          memswap: memory,
          cpushares: CPU_SHARES,
          cpuperiod: CPU_PERIOD_US,
          cpuquota: 2 * CPU_PERIOD_US,
          networkmode: network,
          forcerm: true,
          rm: true,
          ...(engine.cgroupParent && { cgroupparent: engine.cgroupParent }),
          abortSignal: signal,
        } as object,
      ),
    { deadlineMs: START_DEADLINE_MS },
  )) as Readable
  signal.addEventListener('abort', () => answer.destroy(), { once: true })
  let failure: string | undefined
  let rest = ''
  try {
    for await (const chunk of answer) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines.filter((text) => text.trim() !== '')) {
        const { stream: text, error } = JSON.parse(line) as { stream?: string; error?: string }
        if (text) onOutput(Buffer.from(text))
        failure ??= error
      }
    }
  } catch (error) {
    signal.throwIfAborted()
    throw new PlatformError('engine_unreachable', 'The Docker Engine went away during the build', { cause: error })
  }
  signal.throwIfAborted()
  if (failure) throw new PlatformError('build_failed', `The Dockerfile failed: ${failure}`)
}
