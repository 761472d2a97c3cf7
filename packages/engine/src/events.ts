// What the engine tells about our containers: a list of now, and changes as
// they happen. Changes are hints, never the truth: the stream breaks when the
// engine restarts, so whoever watches lists again whenever it is told to.
import type { Readable } from 'node:stream'
import { pause } from '@paas/service/wait'
import type { ContainerInfo } from 'dockerode'
import type { Engine } from './client.ts'
import { type Belongs, belongsOf, labelFilter } from './labels.ts'

const RECONNECT_MS = 500
const ACTIONS = ['create', 'start', 'die', 'oom', 'destroy'] as const

export interface ContainerFacts extends Belongs {
  id: string
  name: string
  state: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'
  /** In its first network; undefined while it has none. */
  address: string | undefined
  createdAt: Date
}

export interface ContainerChange extends Belongs {
  id: string
  action: (typeof ACTIONS)[number]
  /** With `die`. */
  exitCode: number | undefined
}

/** Our containers, running or not, that belong to all of `belongs`. */
export async function listContainers(engine: Engine, belongs: Belongs = {}, deadlineMs?: number): Promise<ContainerFacts[]> {
  const filters = JSON.stringify({ label: labelFilter(engine, belongs) })
  const found = await engine.call(
    'list containers',
    (abortSignal) => engine.docker.listContainers({ all: true, filters, abortSignal }),
    deadlineMs === undefined ? {} : { deadlineMs },
  )
  return found.map(factsOf)
}

export function factsOf({ Id, Names, State, Labels, Created, NetworkSettings }: ContainerInfo): ContainerFacts {
  return {
    id: Id,
    name: (Names[0] ?? '').replace(/^\//, ''),
    state: State as ContainerFacts['state'],
    address: Object.values(NetworkSettings?.Networks ?? {}).find(({ IPAddress }) => IPAddress)?.IPAddress,
    createdAt: new Date(Created * 1000),
    ...belongsOf(Labels),
  }
}

/**
 * Calls back with every change of a container of ours until the signal aborts,
 * and with undefined after each (re)connect: anything may have changed.
 * Resolves after the abort; never rejects.
 */
export function watchContainers(
  engine: Engine,
  onChange: (change: ContainerChange | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  const filters = { type: ['container'], event: [...ACTIONS], label: labelFilter(engine) }
  const onEvent = (event: EngineEvent | undefined) => {
    const change = event && changeOf(event)
    if (change || !event) onChange(change)
  }
  return watchEvents(engine, { what: 'watch containers', filters }, onEvent, signal)
}

/** The same of whatever the filters name, as the engine says it. */
export async function watchEvents(
  engine: Engine,
  { what, filters }: { what: string; filters: Record<string, string[]> },
  onEvent: (event: EngineEvent | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const stream = (await engine.call(what, () =>
        engine.docker.getEvents({ filters: JSON.stringify(filters), abortSignal: signal } as object),
      )) as unknown as Readable
      onEvent(undefined)
      await readEvents(stream, onEvent, signal)
    } catch {
      // the engine is away; the loop of whoever watches reports that from its own calls
    }
    if (!signal.aborted) await pause(RECONNECT_MS, signal)
  }
}

async function readEvents(stream: Readable, onEvent: (event: EngineEvent) => void, signal: AbortSignal): Promise<void> {
  const stop = () => stream.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    let rest = ''
    for await (const text of stream.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line) onEvent(JSON.parse(line))
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
  }
}

export interface EngineEvent {
  Action?: string
  Actor?: { ID?: string; Attributes?: Record<string, string> }
}

function changeOf({ Action, Actor }: EngineEvent): ContainerChange | undefined {
  const action = ACTIONS.find((known) => known === Action)
  if (!action || !Actor?.ID) return undefined
  const attributes = Actor.Attributes ?? {}
  const exitCode = attributes['exitCode']
  return { id: Actor.ID, action, exitCode: exitCode === undefined ? undefined : Number(exitCode), ...belongsOf(attributes) }
}
