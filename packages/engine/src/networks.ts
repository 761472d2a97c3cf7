// Networks: one per app, so that apps cannot see each other, and one for all
// builds, whose containers cannot see each other either.
//
// Each takes a block of the platform's range. Two platforms or two calls may
// choose the same free block at the same time: the engine refuses the second,
// and it looks again. Names of bridges begin alike, so that one firewall rule
// covers all of them (firewall.ts).
import { createHash, randomInt } from 'node:crypto'
import { PlatformError } from '@paas/domain/errors'
import type { NetworkCreateOptions } from 'dockerode'
import { type Engine, statusOf } from './client.ts'
import { LABEL, labelFilter, labelsOf } from './labels.ts'
import { type Block, formatBlock, freeBlock, parseBlock } from './networks-subnet.ts'

const BRIDGE_BITS = 26 // 61 dynos of one app on one host
const MAX_TRIES = 8
const BRIDGE_MAX = 15 // IFNAMSIZ - 1
const CREATE_DEADLINE_MS = 30_000

export function appNetworkName({ prefix }: Pick<Engine, 'prefix'>, appId: string): string {
  return `${prefix}-app-${appId}`
}

export function buildsNetworkName({ prefix }: Pick<Engine, 'prefix'>): string {
  return `${prefix}-builds`
}

/** What the names of all our bridges begin with, the dash included; no other prefix's names do. */
export function bridgePrefix({ prefix }: Pick<Engine, 'prefix'>): string {
  return `${prefix.length <= 6 ? prefix : `${prefix.slice(0, 2)}${shortHash(prefix, 4)}`}-`
}

/** The interface that leads to other hosts, the same on each; no bridge's name begins like it. */
export function linkInterface(engine: Pick<Engine, 'prefix'>): string {
  return `wg-${bridgePrefix(engine).slice(0, -1)}`
}

/** The app's own network, made if it is not there. Answers its name. */
export function ensureAppNetwork(engine: Engine, appId: string): Promise<string> {
  return ensureNetwork(
    engine,
    appNetworkName(engine, appId),
    labelsOf(engine, { appId }),
    bridge(engine, appNetworkName(engine, appId), {
      // Engines from 28.2 on drop what is routed to a container from anywhere else; older ones do not know the name, and leave
      // it to our firewall rules. https://docs.docker.com/engine/network/port-publishing/#direct-routing
      ...(engine.linked && { 'com.docker.network.bridge.trusted_host_interfaces': linkInterface(engine) }),
    }),
  )
}

/** The network of build containers, made if it is not there; it lets no traffic through between them. Answers its name. */
export function ensureBuildsNetwork(engine: Engine): Promise<string> {
  return ensureNetwork(
    engine,
    buildsNetworkName(engine),
    labelsOf(engine, {}),
    bridge(engine, buildsNetworkName(engine), {
      'com.docker.network.bridge.enable_icc': 'false',
    }),
  )
}

/** Names of interfaces are short, so each is a hash. */
function bridge(engine: Engine, network: string, options: Record<string, string>) {
  const name = `${bridgePrefix(engine)}${shortHash(network, BRIDGE_MAX - bridgePrefix(engine).length)}`
  return { Driver: 'bridge', Options: { 'com.docker.network.bridge.name': name, ...options } }
}

/** Missing is fine; one that containers still use stays, answered with false. */
export async function removeNetwork(engine: Engine, name: string): Promise<boolean> {
  try {
    await engine.call(
      `remove network ${name}`,
      (abortSignal) => engine.docker.getNetwork(name).remove({ abortSignal } as object),
      {
        expected: [403, 404],
      },
    )
    return true
  } catch (error) {
    if (statusOf(error) === 404) return true
    if (statusOf(error) === 403) return false // has active endpoints
    throw error
  }
}

/** Apps that have a network here. */
export async function listAppNetworks(engine: Engine): Promise<{ name: string; appId: string }[]> {
  const found = await engine.call('list networks', (abortSignal) =>
    engine.docker.listNetworks({
      filters: JSON.stringify({ label: [...labelFilter(engine), LABEL.app] }),
      abortSignal,
    }),
  )
  return found.map(({ Name, Labels }) => ({ name: Name, appId: Labels?.[LABEL.app] ?? '' }))
}

type Driver = Pick<NetworkCreateOptions, 'Driver' | 'Options' | 'Attachable'> & { bits?: number }

const underWay = new WeakMap<object, Map<string, Promise<string>>>()

/**
 * Made on a free block of the platform's range (a /`bits`), if it is not there. Answers its name. Asked for once at a time: many
 * dynos that start together need but one look, and no engine promises that two who make it at once make one.
 */
export function ensureNetwork(engine: Engine, name: string, labels: Record<string, string>, driver: Driver): Promise<string> {
  const byName = underWay.get(engine.docker) ?? new Map<string, Promise<string>>()
  underWay.set(engine.docker, byName)
  const asked = byName.get(name) ?? makeNetwork(engine, name, labels, driver).finally(() => byName.delete(name))
  byName.set(name, asked)
  return asked
}

async function makeNetwork(
  engine: Engine,
  name: string,
  labels: Record<string, string>,
  { bits = BRIDGE_BITS, ...driver }: Driver,
): Promise<string> {
  if (await exists(engine, name)) return name
  for (let tried = 1; ; tried += 1) {
    const subnet = formatBlock(await chooseBlock(engine, bits))
    try {
      await engine.call(
        `create network ${name}`,
        (abortSignal) =>
          engine.docker.createNetwork({
            Name: name,
            CheckDuplicate: true,
            ...driver,
            IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
            Labels: labels,
            abortSignal,
          } as NetworkCreateOptions),
        { deadlineMs: CREATE_DEADLINE_MS, expected: [400, 403, 409, 500] },
      )
      return name
    } catch (error) {
      if (await exists(engine, name)) return name
      if (statusOf(error) === undefined || tried === MAX_TRIES) {
        throw new PlatformError('engine_refused', `The network ${name} could not be made on ${subnet}`, { cause: error })
      }
    }
  }
}

async function exists(engine: Engine, name: string): Promise<boolean> {
  try {
    await engine.call(`inspect network ${name}`, () => engine.docker.getNetwork(name).inspect(), {
      expected: [404],
    })
    return true
  } catch (error) {
    if (statusOf(error) === 404) return false
    throw error
  }
}

/** Free among all networks of the engine; starts looking anywhere, so that rivals seldom meet. */
async function chooseBlock(engine: Engine, bits: number): Promise<Block> {
  const range = parseBlock(engine.appSubnet)
  if (!range) throw new PlatformError('settings_invalid', `PAAS_APP_SUBNET is not an IPv4 range: ${engine.appSubnet}`)
  const networks = await engine.call('list networks', (abortSignal) => engine.docker.listNetworks({ abortSignal } as object))
  const taken = networks
    .flatMap(({ IPAM }) => IPAM?.Config ?? [])
    .map(({ Subnet }) => parseBlock(Subnet ?? ''))
    .filter((block) => block !== undefined)
  const block = freeBlock(range, bits, taken, randomInt(2 ** (32 - range.bits)))
  if (block) return block
  throw new PlatformError('engine_refused', `Every network of ${engine.appSubnet} is taken`, {
    hint: 'Set PAAS_APP_SUBNET to a larger range.',
  })
}

function shortHash(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}
