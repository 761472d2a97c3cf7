// The link between the platform's machine, where routers are, and every other
// host: a hub and its spokes. What each is told follows from the rows alone.
import { lookup } from 'node:dns/promises'
import { PlatformError } from '@paas/domain/errors'
import { appSubnetOf, linkAddressOf } from '@paas/domain/host-subnet'
import { addressTowards, configureLink, ensureLink, type LinkConfig } from '@paas/engine/link'
import { listNodes, type SwarmNode } from '@paas/engine/swarm-nodes'
import { changeHost, type Host, listHosts } from '@paas/store/hosts'
import type { Scheduler } from './deps.ts'
import type { Member } from './fleet.ts'

/** One change of links at a time: each tells the platform's own machine the whole of what is wanted. */
export class LinkTurns {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => {})
    return turn
  }
}

/** The host's container and key; its row knows the key by then. The key is the engine's own: throws `conflict` for an engine that is a host by another name. */
export async function prepareLink({ store, linkImage }: Scheduler, { host, engine }: Member): Promise<void> {
  const { publicKey } = await ensureLink(engine, { image: await linkImage(engine) })
  const twin = (await listHosts(store)).find(
    (other) => other.id !== host.id && other.condition !== 'failed' && other.linkKey === publicKey,
  )
  if (twin) {
    const whose = twin.local ? "the platform's own engine, the host local" : `a host already, by the name of ${twin.name}`
    throw new PlatformError('conflict', `This engine is ${whose}`)
  }
  if (publicKey !== host.linkKey) await changeHost(store, host.id, { linkKey: publicKey })
}

/** Every host that answers is told anew, the platform's own first. Rejects when the platform's own could not be. */
export async function configureLinks(scheduler: Scheduler): Promise<void> {
  const { fleet, settings, log } = scheduler
  const linked = fleet.all().filter(({ host }) => host.linkKey !== null)
  if (linked.every(({ host }) => host.local)) return
  const places = new Map(await Promise.all(linked.map(async ({ host }) => [host.id, await placeOf(host)] as const)))
  const local = fleet.local().engine
  // Nodes that are no hosts are machines too, and so are those that are reached by another address than the one they have in the swarm.
  const nodes = settings.engineKind === 'swarm' ? await listNodes(local) : []
  const wiring = { linked, places, nodes }
  await configureLink(local, hubConfig(scheduler, wiring))
  for (const { host, engine } of linked) {
    if (host.local || (host.condition !== 'up' && host.condition !== 'joining')) continue
    await configureLink(engine, await spokeConfig(scheduler, host, wiring)).catch((err: unknown) =>
      log.warn({ host: host.name, err }, 'link.not_configured'),
    )
  }
}

interface Wiring {
  linked: readonly Member[]
  /** Address of its machine by the host's id. */
  places: ReadonlyMap<string, string>
  /** Of the swarm, where there is one. */
  nodes: readonly Pick<SwarmNode, 'isOwn' | 'address'>[]
}

function hubConfig({ settings, fleet }: Scheduler, { linked, places, nodes }: Wiring): LinkConfig {
  const { linkSubnet, hostSubnets, linkPort, registryPort } = settings
  const others = linked.filter(({ host }) => !host.local)
  return {
    ...commonConfig(settings, fleet.local()),
    listenPort: linkPort,
    peers: others.map(({ host }) => ({
      publicKey: host.linkKey!,
      endpoint: `${places.get(host.id)}:${linkPort}`,
      allowedIps: [`${linkAddressOf(linkSubnet, host.number)}/32`, appSubnetOf(hostSubnets, host.number)],
    })),
    machines: [
      ...others.map(({ host }) => ({ address: places.get(host.id)!, tcpPorts: [] })),
      ...nodes.flatMap(({ isOwn, address }) => (isOwn || !address ? [] : [{ address, tcpPorts: [] }])),
    ],
    tcpPorts: [registryPort],
  }
}

async function spokeConfig({ settings, fleet }: Scheduler, host: Host, { linked, places, nodes }: Wiring): Promise<LinkConfig> {
  const { linkSubnet, linkPort, httpPort, httpsPort, rendezvousPort } = settings
  const publicPorts = [httpPort, httpsPort, rendezvousPort]
  const hub = linked.find((member) => member.host.local)
  if (!hub?.host.linkKey) throw new PlatformError('conflict', 'The link of this machine is not there yet')
  const hubAddress = await addressTowards(places.get(host.id)!)
  const others = linked.filter((member) => !member.host.local && member.host.id !== host.id)
  return {
    ...commonConfig(settings, fleet.get(host.id)!),
    listenPort: linkPort,
    peers: [
      { publicKey: hub.host.linkKey, endpoint: `${hubAddress}:${linkPort}`, allowedIps: [`${linkAddressOf(linkSubnet, 1)}/32`] },
    ],
    // Containers use what the public uses, and nothing else of other machines.
    machines: [
      { address: hubAddress, tcpPorts: publicPorts },
      ...others.map((member) => ({ address: places.get(member.host.id)!, tcpPorts: [] })),
      ...nodes.flatMap(({ isOwn, address }) => (address ? [{ address, tcpPorts: isOwn ? publicPorts : [] }] : [])),
    ],
    tcpPorts: [],
    guard: { publicPorts: [] },
  }
}

function commonConfig({ linkSubnet, hostSubnets, appSubnet }: Scheduler['settings'], { host, dynos }: Member) {
  return {
    address: linkAddressOf(linkSubnet, host.number),
    routers: linkAddressOf(linkSubnet, 1),
    ranges: [appSubnet, hostSubnets, linkSubnet],
    gateway: dynos.gateway,
  }
}

/** The address of its engine's URL. Throws `host_unreachable` for a name that nobody knows. */
export async function placeOf({ local, name, engineUrl }: Host): Promise<string> {
  if (local) return '127.0.0.1'
  const { hostname } = new URL(engineUrl)
  try {
    return (await lookup(hostname.replace(/^\[|\]$/g, ''), { family: 4 })).address
  } catch (cause) {
    throw new PlatformError('host_unreachable', `The name ${hostname} of host ${name} is not known`, { cause })
  }
}
