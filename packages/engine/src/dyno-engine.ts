// What the scheduler needs of whatever runs dynos. It speaks of dynos and app
// networks, never of containers or services, so that an engine for one machine
// (dyno-engine-docker.ts) and one for a cluster (swarm.ts) stand behind the
// same decisions. Images, volumes and hosts are not its business.
import type { AttachedDyno } from './attach.ts'
import type { Engine } from './client.ts'
import { dockerDynos } from './dyno-engine-docker.ts'
import type { ExecSpec } from './dyno-exec.ts'
import type { ContainerEnd, DynoContainer, DynoSpec, StoppedContainer } from './dynos.ts'
import type { AttachedSpec } from './dynos-config.ts'
import type { ContainerChange, ContainerFacts } from './events.ts'
import type { Gateway } from './firewall-rules.ts'
import type { JoinedProcess } from './joined.ts'
import type { Belongs } from './labels.ts'
import type { Holder } from './network-holder.ts'
import { type SwarmNodeOptions, swarmDynos } from './swarm.ts'

export type EngineKind = 'docker' | 'swarm'

/** Ids are the engine's own, and only it can read them. A dyno is one try of one row: never started twice. */
export interface DynoEngine {
  /** Makes and starts it; whatever of both was done before is not done again. Throws `engine_refused` with why it cannot run. */
  start(spec: DynoSpec): Promise<DynoContainer>
  /** Made and joined, not started. */
  attach(spec: AttachedSpec): Promise<AttachedDyno>
  /** A command in a running one, under way and joined. Throws `engine_refused` when the dyno does not run, or has no shell. */
  exec(id: string, spec: ExecSpec): Promise<JoinedProcess>
  /** Ends all of that command, whoever started it. Ended or gone already is fine. */
  endExec(id: string, execId: string): Promise<void>
  /** What is there of the platform's, running or not, that belongs to all of `belongs`. */
  list(belongs?: Belongs, deadlineMs?: number): Promise<ContainerFacts[]>
  /** Calls back with every change, and with undefined when anything may have changed, until the abort; never rejects. */
  watch(onChange: (change: ContainerChange | undefined) => void, signal: AbortSignal): Promise<void>
  /** How it ended, or that it has not. Undefined when it is gone. */
  findEnd(id: string): Promise<ContainerEnd | undefined>
  /** SIGTERM, then SIGKILL after the grace time; answers how it ended. Ended or gone already is fine. */
  stop(id: string, graceMs: number): Promise<StoppedContainer | undefined>
  /** SIGKILL. Ended or gone already is fine. */
  kill(id: string): Promise<void>
  /** Whatever its state. Gone already is fine. */
  remove(id: string): Promise<void>
  /** The last lines it printed, oldest first; none when the engine does not have them. */
  lastLines(id: string, count: number): Promise<string[]>
  /** Undefined when it does not run. */
  readMemoryBytes(id: string): Promise<number | undefined>
  /** Bytes of files it has written over its image. Undefined when it is gone. */
  readWrittenBytes(id: string): Promise<number | undefined>
  /** A network made ready for a dyno to come; undefined where that would save nothing. */
  prepareNetwork(app: { appId: string; image: string }): Promise<Holder | undefined>
  /** What `prepareNetwork` made, and whether a dyno stands on it. */
  listPrepared(appId?: string): Promise<{ id: string; used: boolean; createdAt: Date }[]>
  /** Apps that have a network here. */
  listAppNetworks(): Promise<{ appId: string }[]>
  /** Missing is fine; one that is in use stays, answered with false. */
  removeAppNetwork(appId: string): Promise<boolean>
  /** By which dynos leave where their bridges are not our own. */
  gateway: Gateway | undefined
}

/** `other`: on a host beside the platform's own machine. */
export function openDynoEngine(kind: EngineKind, engine: Engine, other?: SwarmNodeOptions): DynoEngine {
  return kind === 'swarm' ? swarmDynos(engine, other) : dockerDynos(engine)
}
