// Whether an engine on TCP and certain credentials go together, tried.
import { openEngine } from './client.ts'
import { explainUnreachable } from './engine-facts.ts'
import type { EngineAddress } from './server-certificate.ts'

const DEADLINE_MS = 10_000

/** Throws `host_unreachable` with what is wrong and what to do. */
export async function tryCredentials({ dockerHost, tls }: EngineAddress): Promise<void> {
  const engine = openEngine({ dockerHost, tls, namePrefix: '', cgroupParent: '', appSubnet: '' })
  try {
    await engine.call('ping', () => engine.docker.ping(), { deadlineMs: DEADLINE_MS })
  } catch (error) {
    throw explainUnreachable(error, new URL(dockerHost).host)
  }
}
