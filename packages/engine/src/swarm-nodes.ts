// The machines of a swarm as its manager lists them, and which of them an
// engine is. A node that is a host of ours says so in its labels, so that the
// manager alone tells whose it is, whatever has become of the machine.
import { isIPv4 } from 'node:net'
import { PlatformError } from '@paas/domain/errors'
import type { NodeFacts } from '@paas/domain/swarm-node'
import { type Engine, statusOf } from './client.ts'
import { watchEvents } from './events.ts'
import { LABEL } from './labels.ts'
import { listServices, nodeIdOf, removeServiceById } from './swarm-tasks.ts'

/** On a node of ours: the id of its host's row. */
const HOST_LABEL = 'paas.host'

export interface SwarmNode extends NodeFacts {
  /** At which other nodes reach it; undefined while nobody knows. */
  address: string | undefined
}

/** What an engine says of the swarm it is in. */
export interface Membership {
  state: 'inactive' | 'pending' | 'active' | 'error' | 'locked'
  nodeId: string | undefined
  isManager: boolean
  /** `192.0.2.1:2377` of every manager it knows. */
  managers: string[]
  /** Its containers outlive its restart: swarm mode does not start with that. */
  liveRestore: boolean
}

export async function readMembership(engine: Engine): Promise<Membership> {
  const { Swarm, LiveRestoreEnabled } = (await engine.call('info', () => engine.docker.info())) as {
    LiveRestoreEnabled?: boolean
    Swarm?: {
      LocalNodeState?: Membership['state']
      ControlAvailable?: boolean
      NodeID?: string
      RemoteManagers?: { Addr: string }[] | null
    }
  }
  return {
    state: Swarm?.LocalNodeState || 'inactive',
    nodeId: Swarm?.NodeID || undefined,
    isManager: Swarm?.ControlAvailable === true,
    managers: (Swarm?.RemoteManagers ?? []).map(({ Addr }) => Addr),
    liveRestore: LiveRestoreEnabled === true,
  }
}

const known = new WeakMap<Engine, string>()

/** Of the platform's own engine. Throws `engine_refused` where it is no manager of a swarm. */
export async function findNodeId(manager: Engine): Promise<string> {
  const seen = known.get(manager)
  if (seen) return seen
  const { state, nodeId, isManager } = await readMembership(manager)
  if (state !== 'active' || !isManager || !nodeId) {
    throw new PlatformError('engine_refused', 'The Docker Engine is no manager of a swarm, and PAAS_ENGINE is swarm', {
      hint: '`docker swarm init --advertise-addr` with the address that other machines know this one by makes it one; or set PAAS_ENGINE=docker.',
    })
  }
  known.set(manager, nodeId)
  return nodeId
}

interface ListedNode {
  ID: string
  Version: { Index: number }
  Spec: { Labels?: Record<string, string>; Availability: NodeFacts['availability']; Role: string }
  Description: { Hostname?: string }
  Status: { State: NodeFacts['state']; Addr?: string }
  ManagerStatus?: { Addr?: string }
}

/** Every node but hosts of another platform. Throws `engine_refused` as `findNodeId`. */
export async function listNodes(manager: Engine): Promise<SwarmNode[]> {
  const own = await findNodeId(manager)
  const nodes = (await manager.call('list nodes', () => manager.docker.listNodes())) as ListedNode[]
  if (!nodes.some(({ ID }) => ID === own)) known.delete(manager) // its swarm was made anew
  return nodes.flatMap(({ ID, Spec, Description, Status, ManagerStatus }) => {
    const labels = Spec.Labels ?? {}
    const ours = labels[LABEL.prefix] === manager.prefix
    if (!ours && labels[HOST_LABEL]) return []
    // A manager's first address may be 0.0.0.0: https://github.com/moby/moby/issues/35437
    const addresses = [ManagerStatus?.Addr?.replace(/:\d+$/, ''), Status.Addr]
    return {
      id: ID,
      name: Description.Hostname || ID,
      isOwn: ID === own,
      hostId: ours ? labels[HOST_LABEL] : undefined,
      availability: Spec.Availability,
      state: Status.State,
      address: addresses.find((address) => address && isIPv4(address) && address !== '0.0.0.0'),
    }
  })
}

/** The node is this host's from now on. Again is fine. */
export async function claimNode(manager: Engine, nodeId: string, hostId: string): Promise<void> {
  await changeNode(manager, nodeId, (spec) => ({
    ...spec,
    Labels: { ...spec.Labels, [LABEL.prefix]: manager.prefix, [HOST_LABEL]: hostId },
  }))
}

/** No manager any more: what leaves would else take its vote with it. Already is fine. */
export async function demoteNode(manager: Engine, nodeId: string): Promise<void> {
  await changeNode(manager, nodeId, (spec) => ({ ...spec, Role: 'worker' }))
}

async function changeNode(
  manager: Engine,
  nodeId: string,
  change: (spec: ListedNode['Spec']) => ListedNode['Spec'],
): Promise<void> {
  const node = manager.docker.getNode(nodeId)
  const { Spec, Version } = (await manager.call(`inspect node ${nodeId}`, () => node.inspect())) as ListedNode
  const next = change(Spec)
  if (JSON.stringify(next) === JSON.stringify(Spec)) return
  await manager.call(`change node ${nodeId}`, (abortSignal) =>
    node.update({ _query: { version: Version.Index }, _body: next, abortSignal }),
  )
}

/** Takes the node out of the swarm's list, and services that were meant for it; gone already is fine. What still runs there nobody stops. */
export async function removeNode(manager: Engine, nodeId: string): Promise<void> {
  for (const service of await listServices(manager)) {
    if (nodeIdOf(service) === nodeId) await removeServiceById(manager, service.ID)
  }
  const node = manager.docker.getNode(nodeId)
  try {
    await manager.call(`remove node ${nodeId}`, (abortSignal) => node.remove({ force: true, abortSignal }), { expected: [404] })
  } catch (error) {
    if (statusOf(error) !== 404) throw error
  }
}

/** An app's services on nodes that are away, which would keep its network: who takes that away has stopped all others. */
export async function removeServicesAway(manager: Engine, appId: string): Promise<void> {
  const [nodes, services] = await Promise.all([listNodes(manager), listServices(manager, { appId })])
  const here = new Set(nodes.filter(({ state }) => state !== 'down').map(({ id }) => id))
  for (const service of services) {
    const nodeId = nodeIdOf(service)
    if (nodeId && !here.has(nodeId)) await removeServiceById(manager, service.ID)
  }
}

/** Calls back whenever a node has changed, and after each (re)connect, until the abort; never rejects. */
export function watchNodes(manager: Engine, onChange: () => void, signal: AbortSignal): Promise<void> {
  return watchEvents(manager, { what: 'watch nodes', filters: { type: ['node'] } }, onChange, signal)
}
