// A dyno as the engine is asked for it: every limit it has, no capability,
// nothing of the host mounted. Config vars travel in the request's body only.
import type { ContainerCreateOptions } from 'dockerode'
import type { Engine } from './client.ts'
import { LABEL, labelsOf } from './labels.ts'
import { sized, type TerminalSize } from './terminal.ts'

/** In the stack image: sources the profile scripts, then runs the command with bash. */
export const STACK_START = '/stack/start'
export const DYNO_USER = '20000:20000'
/** Dynos go before the platform when the host runs out of memory. */
const OOM_SCORE_ADJ = 300
export const OPEN_FILES = 10_000 // well below what an engine may itself be held to: runc refuses to start a container above that
export const MIB = 1024 * 1024

export interface DynoSpec {
  dynoId: string
  appId: string
  app: string
  /** `web` */
  type: string
  /** 1 in web.1 */
  number: number
  /** Version of its release. */
  release: number
  image: string
  /** null: the image's own CMD. */
  command: string | null
  env: Readonly<Record<string, string>>
  /** Hard limit: the kernel ends a process above it. */
  memoryMiB: number
  pids: number
  cpuShares: number
  stopGraceMs: number
  /** Container whose network it is started into, in place of one of its own. */
  holderId?: string
  /** With stdin open for one client, and its output not in the engine's log. */
  attached?: { tty: boolean; size?: TerminalSize | undefined }
}

/** Of a dyno with a client on the other end. */
export type AttachedSpec = DynoSpec & Required<Pick<DynoSpec, 'attached'>>

/** The same for the same dyno, so that creating it twice finds the first. */
export function dynoContainerName({ prefix }: Pick<Engine, 'prefix'>, spec: DynoSpec): string {
  return `${prefix}.${spec.app}.${spec.type}.${spec.number}.v${spec.release}.${spec.dynoId.slice(0, 8)}`
}

/** `onStack`: the image is built on our stack; others get their command run by their own shell. */
export function dynoConfig(
  engine: Pick<Engine, 'prefix'>,
  spec: DynoSpec,
  host: { network: string; onStack: boolean; cgroupParent: string | undefined },
): ContainerCreateOptions {
  const { appId, dynoId, release, attached } = spec
  return {
    name: dynoContainerName(engine, spec),
    Image: spec.image,
    // The engine refuses a host name of its own to a container in another's network.
    ...(spec.holderId ? {} : { Hostname: dynoId }),
    ...commandOf(spec, host.onStack),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    User: DYNO_USER,
    Labels: {
      ...labelsOf(engine, { appId, dynoId, dynoName: `${spec.type}.${spec.number}`, release }),
      ...(spec.holderId && { [LABEL.holder]: spec.holderId }),
    },
    StopTimeout: Math.ceil(spec.stopGraceMs / 1000),
    StopSignal: 'SIGTERM',
    ...(attached && {
      Tty: attached.tty,
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    }),
    HostConfig: {
      Init: true,
      NetworkMode: spec.holderId ? `container:${spec.holderId}` : host.network,
      RestartPolicy: { Name: 'no' },
      Memory: spec.memoryMiB * MIB,
      MemorySwap: spec.memoryMiB * MIB,
      PidsLimit: spec.pids,
      CpuShares: spec.cpuShares,
      OomScoreAdj: OOM_SCORE_ADJ,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      Ulimits: [
        { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES },
        { Name: 'core', Soft: 0, Hard: 0 },
      ],
      LogConfig: attached ? { Type: 'none', Config: {} } : LOCAL_LOG,
      ...(host.cgroupParent && { CgroupParent: host.cgroupParent }),
    },
  }
}

/** Bounded, and plain files, which the log-router reads where they lie. */
export const LOCAL_LOG = { Type: 'local', Config: { 'max-size': '10m', 'max-file': '3', compress: 'false' } }

function commandOf({ command, attached }: DynoSpec, onStack: boolean): Pick<ContainerCreateOptions, 'Cmd' | 'Entrypoint'> {
  if (command === null) return {} // a Dockerfile app without a Procfile: the image's own CMD
  return { Entrypoint: [], Cmd: sized(attached?.size, onStack ? [STACK_START, command] : ['/bin/sh', '-c', command]) }
}
