// An image from a public registry, for Dockerfiles that name one. Where no
// registry can be reached, the platform's own images are all there is.
import type { Readable } from 'node:stream'
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from './client.ts'

const START_DEADLINE_MS = 60_000
const PULL_DEADLINE_MS = 10 * 60_000

/** Resolves when the engine has it under that name. Throws `build_failed` with the registry's reason. */
export async function pullImage(engine: Engine, name: string, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(PULL_DEADLINE_MS)])
  const ref = /(:[\w.-]+|@sha256:[0-9a-f]{64})$/.test(name) ? name : `${name}:latest`
  let reason: string | undefined
  try {
    const answer = (await engine.call(`pull ${name}`, () => engine.docker.pull(ref), {
      deadlineMs: START_DEADLINE_MS,
    })) as unknown as Readable
    late.addEventListener('abort', () => answer.destroy(), { once: true })
    let text = ''
    for await (const chunk of answer) {
      text += chunk
      reason ??= /"error":"([^"]*)"/.exec(text)?.[1]
      text = text.slice(-4_000)
    }
  } catch (cause) {
    signal.throwIfAborted()
    throw new PlatformError('build_failed', `The image ${name} could not be pulled`, { cause })
  }
  late.throwIfAborted()
  if (reason) throw new PlatformError('build_failed', `The image ${name} could not be pulled: ${reason}`)
}
