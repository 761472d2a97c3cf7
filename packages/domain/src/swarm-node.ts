// What the list of a swarm's nodes says about hosts: which may not be given
// dynos for now, which nodes are no hosts, and which belong to a host that has
// been forgotten.
import type { HostCondition } from './host.ts'

export interface NodeFacts {
  id: string
  /** As the machine calls itself. */
  name: string
  /** The platform's own machine. */
  isOwn: boolean
  /** The host's that it was made for. */
  hostId: string | undefined
  availability: 'active' | 'pause' | 'drain'
  state: 'ready' | 'down' | 'unknown' | 'disconnected'
}

export interface NodesVerdict {
  /** By host: why its swarm starts nothing there; null: it does. Hosts that have not joined are left out. */
  troubles: ReadonlyMap<string, string | null>
  /** Names of nodes that are no hosts, sorted. */
  strangers: string[]
  /** Ids of nodes whose host is gone. */
  orphans: string[]
}

export function judgeNodes(
  nodes: readonly NodeFacts[],
  hosts: readonly { id: string; local: boolean; condition: HostCondition }[],
): NodesVerdict {
  const joined = hosts.filter(({ condition }) => condition !== 'joining' && condition !== 'failed')
  const nodeOf = (host: { id: string; local: boolean }) =>
    nodes.find(({ isOwn, hostId }) => (host.local ? isOwn : hostId === host.id))
  const known = new Set(hosts.map(({ id }) => id))
  return {
    troubles: new Map(joined.map((host) => [host.id, troubleOf(nodeOf(host))])),
    strangers: nodes
      .filter(({ isOwn, hostId }) => !isOwn && hostId === undefined)
      .map(({ name }) => name)
      .sort(),
    orphans: nodes.filter(({ hostId }) => hostId !== undefined && !known.has(hostId)).map(({ id }) => id),
  }
}

/** Only what is sure: a node that its manager has just begun to look for is `unknown`. */
function troubleOf(node: NodeFacts | undefined): string | null {
  if (!node) return 'its machine is in the swarm no more'
  if (node.availability === 'drain') return 'its node is drained: `docker node update --availability active` takes it in again'
  if (node.availability === 'pause') return 'its node is paused: `docker node update --availability active` takes it in again'
  return node.state === 'down' ? "the swarm's manager does not hear of its node" : null
}
