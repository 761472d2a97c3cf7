// The machines of a swarm, and which of them this engine is.
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from './client.ts'

interface SwarmInfo {
  Swarm?: { LocalNodeState?: string; ControlAvailable?: boolean; NodeID?: string }
}

const known = new WeakMap<Engine, string>()

/** Of this engine. Throws `engine_refused` where it is no manager of a swarm. */
export async function findNodeId(engine: Engine): Promise<string> {
  const seen = known.get(engine)
  if (seen) return seen
  const { Swarm } = (await engine.call('info', () => engine.docker.info())) as SwarmInfo
  if (Swarm?.LocalNodeState !== 'active' || !Swarm.ControlAvailable || !Swarm.NodeID) {
    throw new PlatformError('engine_refused', 'The Docker Engine is no manager of a swarm, and PAAS_ENGINE is swarm', {
      hint: '`docker swarm init` makes it one; or set PAAS_ENGINE=docker.',
    })
  }
  known.set(engine, Swarm.NodeID)
  return Swarm.NodeID
}
