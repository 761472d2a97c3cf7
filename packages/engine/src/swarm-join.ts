// How a host's machine becomes a node of the platform's swarm, and stops being
// one. A node that is in the swarm already cannot be taken as it is: the bridge
// by which its containers leave has addresses that nobody else can route to.
import { PlatformError } from '@paas/domain/errors'
import { pause } from '@paas/service/wait'
import { type Engine, statusOf } from './client.ts'
import { ensureGateway, isGatewayOurs, removeGateway } from './swarm-gateway.ts'
import { claimNode, demoteNode, listNodes, readMembership, removeNode } from './swarm-nodes.ts'

const JOIN_DEADLINE_MS = 40_000 // the engine itself gives up waiting after 20 s, and goes on in the background
const LEAVE_DEADLINE_MS = 30_000
const READY_DEADLINE_MS = 20_000
const LOOK_MS = 100
const LISTEN = '0.0.0.0:2377' // only a manager does

/**
 * `host` is a worker of the manager's swarm, under its row's id. `address` is where other nodes reach it. Idempotent. Throws `host_refused` for one that
 * is in a swarm otherwise, or that does not reach the managers.
 */
export async function joinSwarm(manager: Engine, host: Engine, { hostId, address }: { hostId: string; address: string }) {
  const before = await readMembership(host)
  if (before.liveRestore) {
    throw new PlatformError('host_refused', 'Its engine has live-restore, with which swarm mode does not start', {
      hint: 'Take "live-restore" out of its daemon.json and restart Docker there. Then add the host again.',
    })
  }
  if (before.state === 'inactive') {
    await ensureGateway(host)
    await join(manager, host, address)
  } else if (!(await isMember(manager, before.nodeId))) {
    throw new PlatformError('host_refused', 'Its engine is in another swarm, or was taken out of this one', {
      hint: 'Let it leave that one: `docker swarm leave` there (a manager: with --force). Then add the host again.',
    })
  } else if (!(await isGatewayOurs(host))) {
    throw new PlatformError('host_refused', "It is in this swarm already, and its containers' addresses lead nowhere from here", {
      hint: 'Let it leave: `docker swarm leave` there. Then add the host again, and it joins with others.',
    })
  }
  await claimNode(manager, await untilReady(manager, host), hostId)
}

/** It leaves, and takes its bridge with it; only a node that is this host's, or was about to be. What was done already is not done again. */
export async function leaveSwarm(manager: Engine, host: Engine, hostId: string): Promise<void> {
  const [{ state, nodeId }, nodes, isHalfway] = await Promise.all([readMembership(host), listNodes(manager), isGatewayOurs(host)])
  const unclaimed = nodes.find((node) => node.id === nodeId && node.hostId === undefined && !node.isOwn)
  const node = nodes.find((one) => one.hostId === hostId) ?? (isHalfway ? unclaimed : undefined)
  if (state !== 'inactive' && node && node.id === nodeId) {
    await demoteNode(manager, node.id)
    await leave(host)
  }
  if (node) await removeNode(manager, node.id)
  if (state === 'inactive' || node?.id === nodeId) await removeGateway(host)
}

async function join(manager: Engine, host: Engine, address: string): Promise<void> {
  const { managers } = await readMembership(manager)
  const reachable = managers.filter((at) => !/^(127\.|0\.0\.0\.0|\[?::)/.test(at))
  if (reachable.length === 0) {
    throw new PlatformError('host_refused', `The swarm's manager is known by ${managers.join(', ') || 'no address'} only`, {
      hint: 'Make it anew here: `docker swarm leave --force`, then `docker swarm init --advertise-addr` with an address that other machines reach. Dynos are started again.',
    })
  }
  const { JoinTokens } = (await manager.call('read the swarm', () => manager.docker.swarmInspect())) as {
    JoinTokens: { Worker: string }
  }
  const _body = { ListenAddr: LISTEN, AdvertiseAddr: address, RemoteAddrs: reachable, JoinToken: JoinTokens.Worker }
  try {
    await host.call('join the swarm', (abortSignal) => host.docker.swarmJoin({ _body, abortSignal }), {
      deadlineMs: JOIN_DEADLINE_MS,
    })
  } catch (cause) {
    const { state } = await readMembership(host)
    if (state !== 'inactive') await leave(host) // it would go on trying
    await removeGateway(host)
    throw new PlatformError('host_refused', `It could not join the swarm of ${reachable.join(', ')}`, {
      cause,
      hint: 'Nodes reach each other by TCP 2377 and 7946, and UDP 7946 and 4789: let these pass between them.',
    })
  }
}

async function leave(host: Engine): Promise<void> {
  try {
    await host.call('leave the swarm', (abortSignal) => host.docker.swarmLeave({ abortSignal }), {
      deadlineMs: LEAVE_DEADLINE_MS,
      expected: [406, 503],
    })
  } catch (error) {
    if (statusOf(error) === undefined) throw error // else it is in none
  }
}

async function isMember(manager: Engine, nodeId: string | undefined): Promise<boolean> {
  return (await listNodes(manager)).some(({ id }) => id === nodeId)
}

/** Answers its id. */
async function untilReady(manager: Engine, host: Engine): Promise<string> {
  const began = performance.now()
  for (;;) {
    const { nodeId } = await readMembership(host)
    const node = (await listNodes(manager)).find(({ id }) => id === nodeId)
    if (node?.state === 'ready') return node.id
    if (performance.now() - began > READY_DEADLINE_MS) {
      throw new PlatformError('host_refused', `The swarm does not find it ready (${node?.state ?? 'unknown'})`, {
        hint: '`docker node ls` here and `docker info` there say more.',
      })
    }
    await pause(LOOK_MS)
  }
}
