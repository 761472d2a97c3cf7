// Networks of apps in a swarm: an overlay each, which one-off containers may
// join too. To the machine itself an overlay is out of reach; it meets dynos at
// the address that each has on the bridge by which it leaves its node.
import { type Engine, statusOf } from './client.ts'
import { labelsOf } from './labels.ts'
import { ensureNetwork } from './networks.ts'

/** Made by the engine when it joins a swarm, with no traffic between its containers. */
export const GATEWAY_BRIDGE = 'docker_gwbridge'

export function overlayName({ prefix }: Pick<Engine, 'prefix'>, appId: string): string {
  return `${prefix}-overlay-${appId}`
}

/** The app's own network, made if it is not there. Answers its name. */
export function ensureOverlay(engine: Engine, appId: string): Promise<string> {
  const overlay = { Driver: 'overlay', Attachable: true }
  return ensureNetwork(engine, overlayName(engine, appId), labelsOf(engine, { appId }), overlay)
}

/** Missing is fine; one that services or containers still use stays, answered with false. */
export async function removeOverlay(engine: Engine, appId: string): Promise<boolean> {
  const name = overlayName(engine, appId)
  const network = engine.docker.getNetwork(name)
  try {
    await engine.call(`remove network ${name}`, (abortSignal) => network.remove({ abortSignal } as object), {
      expected: [400, 403, 404, 409],
    })
    return true
  } catch (error) {
    if (statusOf(error) === undefined) throw error
    return statusOf(error) === 404
  }
}

/** Where this machine reaches a container; undefined when it does not run. */
export async function findGatewayAddress(engine: Engine, containerId: string): Promise<string | undefined> {
  const { Containers } = (await engine.call('inspect the gateway bridge', () =>
    engine.docker.getNetwork(GATEWAY_BRIDGE).inspect(),
  )) as { Containers?: Record<string, { IPv4Address: string }> }
  return Containers?.[containerId]?.IPv4Address.split('/')[0]
}
