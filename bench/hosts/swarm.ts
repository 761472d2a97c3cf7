// Docker Swarm on the rig's hosts: how long it takes to replace a killed node's
// task, and to go from 3 to 30 replicas. What ours is held against, in the same
// run, on the same namespaces; alone by `node bench/hosts/swarm.ts`.
//
// Everything is as Swarm comes, and where there was a choice, what is faster
// for it: tasks publish a port of their host (`mode=host`), since the routing
// mesh needs IPVS, which not every kernel has; one manager, and the node that
// is killed is not it, so that nothing is elected.
import { setTimeout as pause } from 'node:timers/promises'
import { must } from '@paas/testing/platform'
import { until } from '@paas/testing/wait'
import Docker from 'dockerode'
import type { TestHost } from '../../test/hosts/host.ts'
import { type Rig, startHosts } from '../../test/hosts/rig.ts'
import { median, printTable, say } from '../report.ts'
import { answersAt } from './answers.ts'
import { tinyServer, type Workload } from './workload.ts'

const SERVICE = 'bench-swarm'
const POLL_MS = 50
const DEADLINE_MS = 120_000
const ROUNDS = 3

export interface SwarmOptions {
  /** Busybox' httpd unless told. */
  workload?: Workload
  /** Further flags of `docker service create`: `--restart-delay=0s` takes away the 5 s that a lost task waits by default. */
  flags?: string[]
}

/** Seconds since the kill. */
export interface Recovery {
  /** `docker node ls` says Down. */
  detected: number
  /** As many tasks as wanted are given to nodes that live. */
  placed: number
  /** As many as wanted run and answer. */
  recovered: number
}

/** A service with one replica on each host; one host is killed, and started again afterwards. The rig is a swarm from then on. */
export async function measureSwarmRecovery(rig: Rig, options: SwarmOptions = {}): Promise<Recovery> {
  const { manager, victim } = await ensureSwarm(rig)
  const wanted = rig.hosts.length
  await createService(rig, wanted, options)
  try {
    const lost = await nodeOf(manager, victim)
    const hosted = (await tasksOf(manager)).filter(({ NodeID }) => NodeID === lost.ID).length
    if (hosted !== 1) throw new Error(`${victim.name} runs ${hosted} tasks of ${wanted}, not 1`)
    const began = performance.now()
    const since = () => (performance.now() - began) / 1000
    await victim.kill()
    const detected = till('the lost node to be seen', async () => (await nodeOf(manager, victim)).Status.State === 'down').then(
      since,
    )
    const alive = async () => (await tasksOf(manager)).filter(({ NodeID }) => NodeID && NodeID !== lost.ID)
    const placed = till('the tasks to be placed', async () => (await alive()).length === wanted).then(since)
    const recovered = till('the tasks to answer', async () => allAnswer(rig, await alive(), wanted)).then(since)
    const [a, b, c] = await Promise.all([detected, placed, recovered])
    return { detected: a, placed: b, recovered: c }
  } finally {
    await removeService(rig)
    await victim.start()
    await till('the killed node to be back', async () => (await nodeOf(manager, victim)).Status.State === 'ready')
  }
}

/** Seconds from `docker service scale` until as many tasks as asked for run and answer. */
export async function measureSwarmScale(rig: Rig, options: SwarmOptions & { from?: number; to?: number } = {}): Promise<number> {
  const { from = 3, to = 30 } = options
  const { manager } = await ensureSwarm(rig)
  await createService(rig, from, options)
  try {
    const began = performance.now()
    await must(manager.docker(['service', 'scale', '--detach', `${SERVICE}=${to}`]))
    await till(`${to} tasks to answer`, async () => allAnswer(rig, await tasksOf(manager), to))
    return (performance.now() - began) / 1000
  } finally {
    await removeService(rig)
  }
}

/** Makes a swarm of the rig, the first host its manager. One that is made already stays. */
export async function ensureSwarm(rig: Rig): Promise<{ manager: TestHost; victim: TestHost }> {
  const [manager, ...workers] = rig.hosts
  const victim = workers.at(-1)
  if (!manager || !victim) throw new Error('a swarm to measure has two hosts at least')
  if (!(await isMember(manager))) await must(manager.docker(['swarm', 'init', '--advertise-addr', manager.address]))
  const token = (await must(manager.docker(['swarm', 'join-token', '--quiet', 'worker']))).stdout.trim()
  for (const worker of workers) {
    const at = ['--advertise-addr', worker.address, `${manager.address}:2377`]
    if (!(await isMember(worker))) await must(worker.docker(['swarm', 'join', '--token', token, ...at]))
  }
  await till('all nodes to be ready', async () => {
    const nodes: Node[] = await engineOf(manager).listNodes()
    return nodes.filter(({ Status }) => Status.State === 'ready').length === rig.hosts.length
  })
  return { manager, victim }
}

/** Ends the swarm: what is measured next has the hosts for itself. */
export async function leaveSwarm(rig: Rig): Promise<void> {
  for (const host of rig.hosts.toReversed()) if (await isMember(host)) await must(host.docker(['swarm', 'leave', '--force']))
}

interface Node {
  ID: string
  Description: { Hostname: string }
  Status: { State: string }
}

interface Task {
  NodeID?: string
  DesiredState: string
  Status: { State: string; PortStatus?: { Ports?: { PublishedPort: number }[] } }
}

async function isMember(host: TestHost): Promise<boolean> {
  return (await must(host.docker(['info', '--format', '{{.Swarm.LocalNodeState}}']))).stdout.trim() === 'active'
}

async function createService(rig: Rig, replicas: number, { workload, flags = [] }: SwarmOptions): Promise<void> {
  const [manager] = rig.hosts
  const { image, command, port } = workload ?? (await tinyServer(rig))
  const options = ['--detach', '--no-resolve-image', `--name=${SERVICE}`, `--replicas=${replicas}`, ...flags]
  await must(manager!.docker(['service', 'create', ...options, `--publish=mode=host,target=${port}`, image, ...command]))
  await till('the service to answer', async () => allAnswer(rig, await tasksOf(manager!), replicas))
}

async function removeService(rig: Rig): Promise<void> {
  await rig.hosts[0]!.docker(['service', 'rm', SERVICE])
  await till('no task to be left', async () => {
    const up = await Promise.all(rig.hosts.map(async (host) => ((await host.condition()) === 'up' ? host : undefined)))
    const lists = await Promise.all(up.map((host) => host?.docker(['ps', '--quiet', '--filter', `name=${SERVICE}`])))
    return lists.every((list) => !list?.stdout)
  })
}

async function nodeOf(manager: TestHost, host: TestHost): Promise<Node> {
  const nodes: Node[] = await engineOf(manager).listNodes()
  return nodes.find(({ Description }) => Description.Hostname === host.name)!
}

async function tasksOf(manager: TestHost): Promise<Task[]> {
  const filters = { service: [SERVICE], 'desired-state': ['running'] }
  return engineOf(manager).listTasks({ filters })
}

/** Do `wanted` of the tasks run, each answering at its own published port? */
async function allAnswer(rig: Rig, tasks: readonly Task[], wanted: number): Promise<boolean> {
  const running = tasks.filter(({ Status }) => Status.State === 'running')
  if (running.length !== wanted) return false
  const nodes: Node[] = await engineOf(rig.hosts[0]!).listNodes()
  const nameOf = new Map(nodes.map(({ ID, Description }) => [ID, Description.Hostname]))
  const answers = await Promise.all(
    running.map(async ({ NodeID, Status }) => {
      const port = Status.PortStatus?.Ports?.[0]?.PublishedPort
      return port !== undefined && answersAt(rig.host(nameOf.get(NodeID!)!).address, port)
    }),
  )
  return answers.every(Boolean)
}

const engineOf = (host: TestHost) => new Docker({ socketPath: new URL(host.socket).pathname, timeout: 5_000 })

async function till(what: string, condition: () => Promise<boolean>): Promise<void> {
  await until(
    what,
    async () => {
      if (await condition()) return true
      await pause(POLL_MS) // the engines that are asked are those that are measured
      return false
    },
    DEADLINE_MS,
  )
}

if (import.meta.main) {
  await using rig = await startHosts({ engine: { 'userland-proxy': false } })
  const figures: Record<string, number[]> = {}
  const note = (name: string, seconds: number) => (figures[name] ??= []).push(seconds)
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`round ${round} of ${ROUNDS}`)
    note('3 to 30 answering', await measureSwarmScale(rig))
    for (const flags of [[], ['--restart-delay=0s']]) {
      const { detected, placed, recovered } = await measureSwarmRecovery(rig, { flags })
      const name = ['killed node', ...flags].join(' ')
      note(`${name}: detected`, detected)
      note(`${name}: placed`, placed)
      note(`${name}: recovered`, recovered)
    }
  }
  printTable(
    ['Docker Swarm, seconds', 'median', 'fastest', 'slowest'],
    Object.entries(figures).map(([name, all]) => [name, median(all), Math.min(...all), Math.max(...all)]),
  )
}
