// In a swarm: what its list of nodes says of our hosts goes into their rows,
// and what a forgotten host has left in the swarm goes away.
import { judgeNodes } from '@paas/domain/swarm-node'
import { listNodes, removeNode } from '@paas/engine/swarm-nodes'
import { changeHost, type Host } from '@paas/store/hosts'
import type { Scheduler } from './deps.ts'

/** Changes nothing where all is as it was. Rejects when the manager does not answer. */
export async function readNodes({ engine, fleet, store, log }: Scheduler): Promise<void> {
  const nodes = await listNodes(engine)
  await fleet.refresh() // after the list: a node in it whose host is not known now belongs to one that is gone
  const hosts = fleet.all().map(({ host }) => host)
  const { troubles, strangers, orphans } = judgeNodes(nodes, hosts)
  for (const host of hosts) {
    const trouble = troubles.get(host.id) ?? null
    const names = host.local ? strangers : []
    if (isSame(host, trouble, names)) continue
    log.info({ host: host.name, trouble, strangers: names }, 'node.changed')
    await changeHost(store, host.id, { nodeTrouble: trouble, strangers: names })
  }
  for (const nodeId of orphans) {
    await removeNode(engine, nodeId)
    log.info({ nodeId }, 'node.removed')
  }
}

function isSame(host: Host, trouble: string | null, strangers: readonly string[]): boolean {
  return host.nodeTrouble === trouble && host.strangers.join() === strangers.join()
}
