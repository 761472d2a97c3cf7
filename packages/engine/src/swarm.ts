// Docker Swarm: a dyno is a service of one replica on its app's overlay; a
// one-off with a client on the other end is a container there, since a service
// has no stdin. Ids are therefore of services or of containers, and their
// length tells which. One of these for each node: services are made and removed
// at the manager, everything else is the node's own engine's to do.
// docs/design/095-swarm.md says what differs from an engine alone.
import { PlatformError } from '@paas/domain/errors'
import { pause } from '@paas/service/wait'
import { attachDyno } from './attach.ts'
import { type Engine, statusOf } from './client.ts'
import type { DynoEngine } from './dyno-engine.ts'
import { endExec, execInDyno } from './dyno-exec.ts'
import {
  type DynoContainer,
  type DynoSpec,
  findContainerEnd,
  killContainer,
  lastLines,
  removeContainer,
  stopContainer,
} from './dynos.ts'
import { dynoImage } from './dynos-image.ts'
import { watchContainers } from './events.ts'
import { listAppNetworks } from './networks.ts'
import { readMemoryBytes, readWrittenBytes } from './stats.ts'
import { findGatewayAddress, GATEWAY_BRIDGE } from './swarm-gateway.ts'
import { ensureOverlay, removeOverlay } from './swarm-networks.ts'
import { findNodeId, listNodes, removeServicesAway } from './swarm-nodes.ts'
import { NO_NEW_PRIVILEGES, serviceName, serviceSpec } from './swarm-service.ts'
import { findServiceContainer, findTask, isOver, listSwarmDynos, removeServiceById, type SwarmPlace } from './swarm-tasks.ts'

const CONTAINER_ID = /^[0-9a-f]{64}$/
/** From a service's making to its task running: 0.3-0.6 s on a quiet machine. */
const RUN_DEADLINE_MS = 30_000
/** A task that no node is found for stays `pending`; one that has its node is so for some milliseconds. */
const PENDING_DEADLINE_MS = 5_000
const LOOK_MS = 25

/** Which node: the manager's own unless a host's id is given. */
export interface SwarmNodeOptions {
  manager: Engine
  hostId: string
}

export function swarmDynos(engine: Engine, other?: SwarmNodeOptions): DynoEngine {
  const manager = other?.manager ?? engine
  const place = { manager, engine, findNode: nodeFinder(manager, other?.hostId) }
  /** The container of either kind of id; undefined before it is made and after it is gone. */
  const containerOf = async (id: string) => (CONTAINER_ID.test(id) ? id : findServiceContainer(engine, id))
  async function onContainer<T>(id: string, work: (container: string) => Promise<T>): Promise<T | undefined> {
    const container = await containerOf(id)
    return container === undefined ? undefined : work(container)
  }
  return {
    start: (spec) => startService(place, spec),
    attach: (spec) => attachDyno(engine, spec, (_engine, appId) => ensureOverlay(manager, appId)),
    exec: async (id, spec) => {
      const container = await containerOf(id)
      if (container === undefined) throw new PlatformError('engine_refused', 'It does not run any more')
      return execInDyno(engine, container, spec, NO_NEW_PRIVILEGES)
    },
    endExec: async (id, execId) => void (await onContainer(id, (container) => endExec(engine, container, execId))),
    list: async (belongs, deadlineMs) => listSwarmDynos(place, await place.findNode(), belongs, deadlineMs),
    watch: (onChange, signal) => watchContainers(engine, onChange, signal),
    findEnd: (id) => onContainer(id, (container) => findContainerEnd(engine, container)),
    // Behind Swarm's back: its own way of stopping a service forgets how the task ended.
    stop: (id, graceMs) => onContainer(id, (container) => stopContainer(engine, container, graceMs)),
    kill: async (id) => void (await onContainer(id, (container) => killContainer(engine, container))),
    remove: (id) => (CONTAINER_ID.test(id) ? removeContainer(engine, id) : removeService(place, id)),
    lastLines: async (id, count) => (await onContainer(id, (container) => lastLines(engine, container, count))) ?? [],
    readMemoryBytes: (id) => onContainer(id, (container) => readMemoryBytes(engine, container)),
    readWrittenBytes: (id) => onContainer(id, (container) => readWrittenBytes(engine, container)),
    prepareNetwork: async () => undefined, // a task's network is Swarm's to make
    listPrepared: async () => [],
    // Overlays are the swarm's: the manager's node answers for all of them.
    listAppNetworks: async () => (other ? [] : listAppNetworks(manager)),
    async removeAppNetwork(appId) {
      if (other) return true
      await removeServicesAway(manager, appId)
      return removeOverlay(manager, appId)
    },
    gateway: { bridge: GATEWAY_BRIDGE, range: manager.appSubnet },
  }
}

interface Place extends SwarmPlace {
  /** Its id; undefined when it is in the swarm no more. */
  findNode(): Promise<string | undefined>
}

/** A node keeps its id for as long as it is in the swarm. */
function nodeFinder(manager: Engine, hostId: string | undefined): Place['findNode'] {
  let found: string | undefined
  return async () => {
    if (hostId === undefined) return findNodeId(manager)
    found ??= (await listNodes(manager)).find((node) => node.hostId === hostId)?.id
    return found
  }
}

async function startService(place: Place, spec: DynoSpec): Promise<DynoContainer> {
  const nodeId = await place.findNode()
  if (nodeId === undefined) throw new PlatformError('engine_refused', 'Its host is not in the swarm any more')
  const id = (await findService(place.manager, serviceName(place.manager, spec))) ?? (await createService(place, spec, nodeId))
  return { id, address: await untilItRuns(place, id) }
}

async function createService({ manager, engine }: Place, spec: DynoSpec, nodeId: string): Promise<string> {
  const [network, image] = await Promise.all([ensureOverlay(manager, spec.appId), dynoImage(engine, spec.image)])
  const name = serviceName(manager, spec)
  const wanted = serviceSpec(manager, spec, { network, image, nodeId })
  try {
    const service = await manager.call(
      `create ${name}`,
      (abortSignal) => manager.docker.createService({ ...wanted, abortSignal }),
      { expected: [409] },
    )
    return service.id
  } catch (error) {
    const id = statusOf(error) === 409 ? await findService(manager, name) : undefined
    if (id === undefined) throw error
    return id
  }
}

async function findService(manager: Engine, name: string): Promise<string | undefined> {
  try {
    const found = await manager.call(`inspect ${name}`, () => manager.docker.getService(name).inspect(), { expected: [404] })
    return (found as { ID: string }).ID
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** Its address once it runs, undefined when it has run and ended. Throws `engine_refused` with why Swarm cannot run it. */
async function untilItRuns({ manager, engine }: Place, serviceId: string): Promise<string | undefined> {
  const began = performance.now()
  for (;;) {
    const task = await findTask(manager, serviceId)
    const container = task?.Status.ContainerStatus?.ContainerID
    if (task?.Status.State === 'running' && container) {
      const address = await findGatewayAddress(engine, container)
      if (address) return address
    }
    if (task && isOver(task)) {
      if (container && (await hasRun(engine, container))) return undefined
      throw new PlatformError('engine_refused', `Swarm could not start it: ${task.Status.Err || task.Status.Message}`)
    }
    const deadlineMs = task?.Status.State === 'pending' ? PENDING_DEADLINE_MS : RUN_DEADLINE_MS
    if (performance.now() - began > deadlineMs) {
      const why = task?.Status.Err || task?.Status.Message || 'it has not looked at it yet'
      throw new PlatformError('engine_refused', `Swarm has not started it within ${deadlineMs / 1000} s: ${why}`)
    }
    await pause(LOOK_MS)
  }
}

async function hasRun(engine: Engine, container: string): Promise<boolean> {
  try {
    const { State } = await engine.call('inspect container', () => engine.docker.getContainer(container).inspect(), {
      expected: [404],
    })
    return !State.StartedAt.startsWith('0001')
  } catch (error) {
    if (statusOf(error) === 404) return true
    throw error
  }
}

/** Its container too, which Swarm alone would take some seconds to remove. */
async function removeService({ manager, engine }: Place, id: string): Promise<void> {
  const container = await findServiceContainer(engine, id)
  await removeServiceById(manager, id)
  if (container) await removeContainer(engine, container)
}
