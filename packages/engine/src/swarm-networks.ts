// Networks of apps in a swarm: an overlay each, over all nodes, which one-off
// containers may join too. To a machine itself an overlay is out of reach; it
// meets dynos at the address that each has on the bridge by which it leaves
// its node (swarm-gateway.ts).
import { type Engine, statusOf } from './client.ts'
import { labelsOf } from './labels.ts'
import { ensureNetwork } from './networks.ts'

/** 253 addresses for all dynos of an app, wherever they are, and one more for each node with some: a process type at its most (100) twice, while a deploy replaces it. */
const OVERLAY_BITS = 24

export function overlayName({ prefix }: Pick<Engine, 'prefix'>, appId: string): string {
  return `${prefix}-overlay-${appId}`
}

/** The app's own network, made if it is not there. Answers its name. */
export function ensureOverlay(manager: Engine, appId: string): Promise<string> {
  const overlay = { Driver: 'overlay', Attachable: true, bits: OVERLAY_BITS }
  return ensureNetwork(manager, overlayName(manager, appId), labelsOf(manager, { appId }), overlay)
}

/** Missing is fine; one that services or containers still use stays, answered with false. */
export async function removeOverlay(manager: Engine, appId: string): Promise<boolean> {
  const name = overlayName(manager, appId)
  const network = manager.docker.getNetwork(name)
  try {
    await manager.call(`remove network ${name}`, (abortSignal) => network.remove({ abortSignal } as object), {
      expected: [400, 403, 404, 409],
    })
    return true
  } catch (error) {
    if (statusOf(error) === undefined) throw error
    return statusOf(error) === 404
  }
}
