// Dynos in the engine: made, started, asked about, stopped. A container is one
// try of one dyno row: it is never started twice, and its name is taken from
// the row, so that a repeated start finds what the first one made.

import { PlatformError } from '@paas/domain/errors'
import type { Container, ContainerInspectInfo } from 'dockerode'
import { type Engine, statusOf } from './client.ts'
import { type DynoSpec, dynoConfig, dynoContainerName } from './dynos-config.ts'
import { dynoImage } from './dynos-image.ts'
import { findAddress } from './network-holder.ts'
import { ensureAppNetwork } from './networks.ts'

export type { DynoSpec } from './dynos-config.ts'

const START_DEADLINE_MS = 30_000
const LOG_TAIL_BYTES = 64 * 1024

export interface DynoContainer {
  id: string
  /** Its own, in the app's network; undefined once it has ended. */
  address: string | undefined
}

export interface ContainerEnd {
  running: boolean
  exitCode: number
  /** The kernel ended a process of it for want of memory. */
  oomKilled: boolean
}

export interface StoppedContainer extends ContainerEnd {
  /** The grace time was not enough. */
  killed: boolean
}

/** Makes the dyno's container and starts it; whatever of both was done before is not done again. */
export async function startDyno(engine: Engine, spec: DynoSpec): Promise<DynoContainer> {
  const { holderId, ...own } = spec
  const started = await startOnce(engine, spec).catch((error: unknown) => {
    if (holderId && error instanceof PlatformError && error.code === 'engine_refused') return undefined
    throw error
  })
  if (started && (started.address || !(await findContainerEnd(engine, started.id))?.running)) return started
  // Its prepared network was gone, or went while it started, so that nobody reaches it: once more, with one of its own.
  await removeContainer(engine, dynoContainerName(engine, spec))
  return startOnce(engine, own)
}

async function startOnce(engine: Engine, spec: DynoSpec): Promise<DynoContainer> {
  return startContainer(engine, (await createDyno(engine, spec)).id)
}

/** Makes the container, or finds the one of that name. `ensureNetwork` answers the name of its app's. */
export async function createDyno(engine: Engine, spec: DynoSpec, ensureNetwork = ensureAppNetwork): Promise<Container> {
  const name = dynoContainerName(engine, spec)
  const [network, { onStack }, cgroupParent] = await Promise.all([
    ensureNetwork(engine, spec.appId),
    dynoImage(engine, spec.image),
    cgroupParentOf(engine),
  ])
  try {
    return await engine.call(
      `create ${name}`,
      (abortSignal) =>
        engine.docker.createContainer({ ...dynoConfig(engine, spec, { network, onStack, cgroupParent }), abortSignal }),
      { expected: [409] },
    )
  } catch (error) {
    if (statusOf(error) !== 409) throw error
    const { Id } = await engine.call(`inspect ${name}`, () => engine.docker.getContainer(name).inspect())
    return engine.docker.getContainer(Id)
  }
}

/** Started already is fine. Throws `engine_refused` with the engine's reason, such as a command that is not in the image. */
export async function startContainer(engine: Engine, id: string): Promise<DynoContainer> {
  const container = engine.docker.getContainer(id)
  try {
    await engine.call(`start container ${id.slice(0, 12)}`, (abortSignal) => container.start({ abortSignal }), {
      deadlineMs: START_DEADLINE_MS,
      expected: [304],
    })
  } catch (error) {
    if (statusOf(error) !== 304) throw error
  }
  const facts = await inspect(engine, id)
  if (!facts) throw new PlatformError('engine_refused', `The container ${id.slice(0, 12)} was removed while it started`)
  return { id, address: await findAddress(engine, facts) }
}

/** How it ended, or that it has not. Undefined when it is gone. */
export async function findContainerEnd(engine: Engine, id: string): Promise<ContainerEnd | undefined> {
  const facts = await inspect(engine, id)
  return facts && { running: facts.State.Running, exitCode: facts.State.ExitCode, oomKilled: facts.State.OOMKilled }
}

/** SIGTERM, then SIGKILL after the grace time; resolves with how it ended. Ended or gone already is fine. */
export async function stopContainer(engine: Engine, id: string, graceMs: number): Promise<StoppedContainer | undefined> {
  const container = engine.docker.getContainer(id)
  const began = performance.now()
  try {
    await engine.call(
      `stop container ${id.slice(0, 12)}`,
      (abortSignal) => container.stop({ t: Math.ceil(graceMs / 1000), abortSignal }),
      { deadlineMs: graceMs + START_DEADLINE_MS, expected: [304, 404] },
    )
  } catch (error) {
    if (statusOf(error) === undefined) throw error
  }
  const killed = performance.now() - began >= graceMs
  const end = await findContainerEnd(engine, id)
  return end && { ...end, killed }
}

/** SIGKILL. Ended or gone already is fine. */
export async function killContainer(engine: Engine, id: string): Promise<void> {
  await tolerate([404, 409], () =>
    engine.call(
      `kill container ${id.slice(0, 12)}`,
      (abortSignal) => engine.docker.getContainer(id).kill({ signal: 'SIGKILL', abortSignal } as object),
      { expected: [404, 409] },
    ),
  )
}

/** Whatever its state. Gone already is fine. */
export async function removeContainer(engine: Engine, id: string): Promise<void> {
  await tolerate([404, 409], () =>
    engine.call(
      `remove container ${id.slice(0, 12)}`,
      (abortSignal) => engine.docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
      { deadlineMs: START_DEADLINE_MS, expected: [404, 409] }, // 409: its removal is under way
    ),
  )
}

/** The last lines it printed, oldest first; none when the engine does not have them. */
export async function lastLines(engine: Engine, id: string, count: number): Promise<string[]> {
  try {
    const output = (await engine.call(`read output of ${id.slice(0, 12)}`, () =>
      engine.docker.getContainer(id).logs({ stdout: true, stderr: true, tail: count, follow: false }),
    )) as unknown as Buffer
    return unframe(output.subarray(-LOG_TAIL_BYTES)).split(/\r?\n/).filter(Boolean).slice(-count)
  } catch {
    return []
  }
}

/** The engine puts 8 bytes before each piece of output: stream, three zeros, length. */
function unframe(output: Buffer): string {
  const pieces: Buffer[] = []
  for (let offset = 0; offset + 8 <= output.length; ) {
    const end = offset + 8 + output.readUInt32BE(offset + 4)
    pieces.push(output.subarray(offset + 8, end))
    offset = end
  }
  return Buffer.concat(pieces).toString('utf8')
}

async function inspect(engine: Engine, id: string): Promise<ContainerInspectInfo | undefined> {
  return tolerate([404], () =>
    engine.call(`inspect container ${id.slice(0, 12)}`, () => engine.docker.getContainer(id).inspect(), { expected: [404] }),
  )
}

async function tolerate<T>(statuses: readonly number[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    const status = statusOf(error)
    if (status !== undefined && statuses.includes(status)) return undefined
    throw error
  }
}

const cgroupParents = new WeakMap<Engine, Promise<string | undefined>>()

/** systemd's driver wants a slice's name there and makes its own; only cgroupfs takes our path. */
function cgroupParentOf(engine: Engine): Promise<string | undefined> {
  const known = cgroupParents.get(engine)
  if (known) return known
  const asked = engine
    .call('ask about cgroups', () => engine.docker.info())
    .then(({ CgroupDriver }) => (CgroupDriver === 'cgroupfs' ? engine.cgroupParent : undefined))
  asked.catch(() => cgroupParents.delete(engine))
  cgroupParents.set(engine, asked)
  return asked
}
