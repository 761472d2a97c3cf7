// What Swarm knows of a dyno: its service, and the one task that the service
// ever has. The manager is asked for these; the container that a task became
// is found in its node's own engine, which knows of its end before Swarm does.
import type { ContainerInfo, Service } from 'dockerode'
import { type Engine, statusOf } from './client.ts'
import { type ContainerFacts, factsOf } from './events.ts'
import { type Belongs, belongsOf, labelFilter } from './labels.ts'

/** Set by Swarm on the containers of tasks. */
const SERVICE_LABEL = 'com.docker.swarm.service.id'

export interface Task {
  ServiceID: string
  CreatedAt: string
  /** https://docs.docker.com/engine/swarm/how-swarm-mode-works/swarm-task-states/ */
  Status: { State: string; Err?: string; Message?: string; ContainerStatus?: { ContainerID?: string; ExitCode?: number } }
}

/** Where dynos of one node are asked about. */
export interface SwarmPlace {
  /** Of the platform's own machine. */
  manager: Engine
  /** The node's own; the manager's where that is the node. */
  engine: Engine
}

/** What is meant for this node (undefined: it is in the swarm no more): once for each service, and once for what is only a container, as a build or an attached one-off. */
export async function listSwarmDynos(
  { manager, engine }: SwarmPlace,
  nodeId: string | undefined,
  belongs: Belongs = {},
  deadlineMs?: number,
): Promise<ContainerFacts[]> {
  const filters = { label: labelFilter(engine, belongs) }
  const deadline = deadlineMs === undefined ? {} : { deadlineMs }
  const [services, tasks, containers] = await Promise.all([
    nodeId === undefined ? [] : listServices(manager, belongs, deadline),
    manager.call('list tasks', () => manager.docker.listTasks({ filters }) as Promise<Task[]>, deadline),
    engine.call('list containers', () => engine.docker.listContainers({ all: true, filters }), deadline),
  ])
  const taskOf = new Map(tasks.map((task) => [task.ServiceID, task]))
  const containerOf = new Map(containers.map((container) => [container.Labels[SERVICE_LABEL], container]))
  return [
    ...services
      .filter((service) => nodeIdOf(service) === nodeId)
      .map(({ ID, CreatedAt, Spec }) => ({
        id: ID,
        name: Spec?.Name ?? '',
        state: stateOf(taskOf.get(ID), containerOf.get(ID)),
        address: undefined,
        createdAt: new Date(CreatedAt ?? 0),
        ...belongsOf((Spec?.Labels ?? {}) as Record<string, string>),
      })),
    ...containers.filter(({ Labels }) => !(SERVICE_LABEL in Labels)).map(factsOf),
  ]
}

/** Every service of ours, of whatever node. */
export function listServices(manager: Engine, belongs: Belongs = {}, deadline: { deadlineMs?: number } = {}): Promise<Service[]> {
  const filters = { label: labelFilter(manager, belongs) }
  return manager.call('list services', () => manager.docker.listServices({ filters }), deadline)
}

const NODE_IS = 'node.id=='

/** What ties a service to one node. */
export function constraintTo(nodeId: string): string {
  return `${NODE_IS}${nodeId}`
}

/** The node that it was placed on, whether it runs there or not. */
export function nodeIdOf({ Spec }: Service): string | undefined {
  const constraints = Spec?.TaskTemplate?.Placement?.Constraints ?? []
  return constraints.find((constraint) => constraint.startsWith(NODE_IS))?.slice(NODE_IS.length)
}

/** Gone already is fine. */
export async function removeServiceById(manager: Engine, id: string): Promise<void> {
  try {
    await manager.call(`remove service ${id}`, () => manager.docker.getService(id).remove(), { expected: [404] })
  } catch (error) {
    if (statusOf(error) !== 404) throw error
  }
}

/** The service's one task; undefined until Swarm has made it, and when the service is gone. */
export async function findTask(manager: Engine, serviceId: string): Promise<Task | undefined> {
  const filters = { service: [serviceId] }
  const tasks = await manager.call('list tasks', () => manager.docker.listTasks({ filters }) as Promise<Task[]>)
  return tasks.toSorted((a, b) => (a.CreatedAt < b.CreatedAt ? 1 : -1))[0]
}

/** Id of the container that it became here. */
export async function findServiceContainer(engine: Engine, serviceId: string): Promise<string | undefined> {
  const filters = { label: [`${SERVICE_LABEL}=${serviceId}`] }
  const [found] = await engine.call('list containers', () => engine.docker.listContainers({ all: true, filters }))
  return found?.Id
}

/** Nothing more comes of it. */
export function isOver({ Status }: Task): boolean {
  return ['complete', 'failed', 'shutdown', 'rejected', 'orphaned', 'remove'].includes(Status.State)
}

/** The engine's word counts where both have one. */
export function stateOf(task: Task | undefined, container: Pick<ContainerInfo, 'State'> | undefined): ContainerFacts['state'] {
  if (container) return container.State as ContainerFacts['state']
  if (task && isOver(task)) return 'exited'
  return task?.Status.State === 'running' ? 'running' : 'created'
}
