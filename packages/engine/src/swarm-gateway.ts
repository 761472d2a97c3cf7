// `docker_gwbridge`, by which all containers of a swarm leave their node, and
// at which routers reach dynos. An engine that joins a swarm makes it on any
// free range, the same on most machines, unless it is there: so on a host
// it is made beforehand, on addresses that the link leads to.
import { PlatformError } from '@paas/domain/errors'
import { pause } from '@paas/service/wait'
import type { NetworkCreateOptions, NetworkInspectInfo } from 'dockerode'
import { type Engine, statusOf } from './client.ts'
import { LABEL, labelsOf } from './labels.ts'
import { linkInterface } from './networks.ts'
import { type Block, formatBlock, overlaps, parseBlock } from './networks-subnet.ts'

export const GATEWAY_BRIDGE = 'docker_gwbridge'
/** 1021 containers: the kernel's bridge has 1023 ports (BR_PORT_BITS in net/bridge/br_private.h). */
const GATEWAY_BITS = 22
/** The one endpoint on it that is no container's. */
const INGRESS = 'gateway_ingress-sbox'
const REMOVE_MS = 5_000
const LOOK_MS = 100

/** Where the engine's machine reaches a container; undefined when it does not run. */
export async function findGatewayAddress(engine: Engine, containerId: string): Promise<string | undefined> {
  const bridge = await find(engine)
  return bridge?.Containers?.[containerId]?.IPv4Address.split('/')[0]
}

/** Whether we made it, on addresses that the link leads to. */
export async function isGatewayOurs(engine: Engine): Promise<boolean> {
  const found = await find(engine)
  return found !== undefined && isOurs(engine, found) && isWithin(found, rangeOf(engine))
}

/** Made in the range of the engine's networks, before it joins; one that a swarm has left behind is replaced. Throws `host_refused` when containers use that. */
export async function ensureGateway(engine: Engine): Promise<void> {
  const found = await find(engine)
  if (found && isOurs(engine, found) && isWithin(found, rangeOf(engine))) return
  if (found && !(await remove(engine))) {
    throw new PlatformError('host_refused', `Containers on it use the network ${GATEWAY_BRIDGE}, which has to be made anew`, {
      hint: `\`docker network inspect ${GATEWAY_BRIDGE}\` there names them; remove them, and add the host again.`,
    })
  }
  const subnet = formatBlock({ base: rangeOf(engine).base, bits: GATEWAY_BITS })
  await engine.call(`create network ${GATEWAY_BRIDGE}`, (abortSignal) =>
    engine.docker.createNetwork({
      Name: GATEWAY_BRIDGE,
      CheckDuplicate: true,
      Driver: 'bridge',
      // The first three as the engine itself would (createGWNetwork in moby's libnetwork/sandbox.go).
      Options: {
        'com.docker.network.bridge.name': GATEWAY_BRIDGE,
        'com.docker.network.bridge.enable_icc': 'false',
        'com.docker.network.bridge.enable_ip_masquerade': 'true',
        'com.docker.network.bridge.trusted_host_interfaces': linkInterface(engine), // as networks.ts has it
      },
      IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
      Labels: labelsOf(engine, {}),
      abortSignal,
    } as NetworkCreateOptions),
  )
}

/** Only one that we made. Missing is fine. */
export async function removeGateway(engine: Engine): Promise<void> {
  const found = await find(engine)
  if (found && isOurs(engine, found)) await remove(engine)
}

async function find(engine: Engine): Promise<NetworkInspectInfo | undefined> {
  try {
    const network = engine.docker.getNetwork(GATEWAY_BRIDGE)
    return await engine.call('inspect the gateway bridge', () => network.inspect(), { expected: [404] })
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** False when containers use it. What Swarm itself had on it goes some moments after the engine has left; after one that left early it stays. */
async function remove(engine: Engine): Promise<boolean> {
  const network = engine.docker.getNetwork(GATEWAY_BRIDGE)
  for (const began = performance.now(); ; await pause(LOOK_MS)) {
    try {
      await engine
        .call('disconnect the ingress', () => network.disconnect({ Container: INGRESS, Force: true }), {
          expected: [403, 404, 500],
        })
        .catch(() => {})
      await engine.call('remove the gateway bridge', (abortSignal) => network.remove({ abortSignal } as object), {
        expected: [403, 404],
      })
      return true
    } catch (error) {
      if (statusOf(error) === undefined) throw error
      if (statusOf(error) === 404) return true
      if (performance.now() - began > REMOVE_MS) return false
    }
  }
}

function rangeOf(engine: Engine): Block {
  const range = parseBlock(engine.appSubnet)
  if (!range) throw new PlatformError('settings_invalid', `${engine.appSubnet} is not an IPv4 range`)
  return range
}

function isOurs({ prefix }: Engine, { Labels }: NetworkInspectInfo): boolean {
  return Labels?.[LABEL.prefix] === prefix
}

function isWithin({ IPAM }: NetworkInspectInfo, range: Block): boolean {
  const blocks = (IPAM?.Config ?? []).map(({ Subnet }) => parseBlock(Subnet ?? ''))
  return blocks.length > 0 && blocks.every((block) => block && block.bits >= range.bits && overlaps(block, range))
}
