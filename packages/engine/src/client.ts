// The Docker Engine behind one door, where every call has a deadline:
// dockerode has none of its own, and a hung engine would hang us.
import { PlatformError } from '@paas/domain/errors'
import { withDeadline } from '@paas/service/wait'
import Docker from 'dockerode'
import { agreeVersion } from './api-version.ts'

export const CALL_DEADLINE_MS = 15_000
/** Load, commit and archives of 100 MB take 1-5 s; a busy disk ten times that. */
export const BULK_DEADLINE_MS = 120_000

export interface Engine {
  docker: Docker
  /** Begins every name we give. */
  prefix: string
  cgroupParent: string
  appSubnet: string
  /** Routers reach its containers from another machine, over the link (link.ts). */
  linked: boolean
  /** Runs one call under a deadline; engine failures come back as PlatformError with `cause`. Status codes named in `expected` reject with the engine's own error, for the caller to read. */
  call<T>(
    what: string,
    work: (signal: AbortSignal) => Promise<T>,
    options?: { deadlineMs?: number; expected?: number[] },
  ): Promise<T>
}

/** How an engine on TCP and we know each other (PEM). */
export interface EngineTls {
  ca: string
  cert: string
  key: string
}

export interface EngineSettings {
  /** `unix:///var/run/docker.sock`, or `tcp://192.0.2.7:2376` with `tls`. */
  dockerHost: string
  tls?: EngineTls | undefined
  namePrefix: string
  cgroupParent: string
  appSubnet: string
  linked?: boolean
}

export function openEngine({ dockerHost, tls, namePrefix, cgroupParent, appSubnet, linked = false }: EngineSettings): Engine {
  const address = addressOf(dockerHost, tls)
  const docker = new Docker(address)
  const agreement = versionAgreement(docker, new Docker(address))
  return {
    docker,
    prefix: namePrefix,
    cgroupParent,
    appSubnet,
    linked,
    async call(what, work, { deadlineMs = CALL_DEADLINE_MS, expected = [] } = {}) {
      try {
        return await withDeadline(`The Docker Engine (${what})`, deadlineMs, 'engine_timeout', async (signal) => {
          await agreement.reach()
          return work(signal)
        })
      } catch (error) {
        if (statusOf(error) === undefined) agreement.forget()
        throw asPlatformError(what, error, expected)
      }
    },
  }
}

function addressOf(dockerHost: string, tls: EngineTls | undefined): Docker.DockerOptions {
  const url = new URL(dockerHost)
  if (url.protocol === 'unix:') return { socketPath: url.pathname }
  const port = Number(url.port || (tls ? 2376 : 2375))
  return tls ? { host: url.hostname, port, protocol: 'https', ...tls } : { host: url.hostname, port, protocol: 'http' }
}

/** `docker` speaks what `unversioned` found out. Forgotten when the engine went away: it may come back as a newer one. */
function versionAgreement(docker: Docker, unversioned: Docker) {
  let agreed: Promise<void> | undefined
  async function ask(): Promise<void> {
    const version = agreeVersion(await unversioned.version())
    Object.assign(docker.modem, { version }) // which its types leave out
  }
  const forget = () => {
    agreed = undefined
  }
  return {
    forget,
    async reach(): Promise<void> {
      agreed ??= ask()
      await agreed.catch((error) => {
        forget()
        throw error
      })
    },
  }
}

function asPlatformError(what: string, error: unknown, expected: number[]): unknown {
  const status = statusOf(error)
  if (error instanceof PlatformError || (status !== undefined && expected.includes(status))) return error
  if (status === undefined) {
    return new PlatformError('engine_unreachable', `The Docker Engine cannot be reached (${what})`, {
      cause: error,
      hint: 'Is dockerd running? `docker version` on the host tells.',
    })
  }
  return new PlatformError('engine_refused', `The Docker Engine refused (${what}): ${(error as Error).message}`, { cause: error })
}

/** HTTP status of an engine's refusal; undefined when it did not answer. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode
  return typeof status === 'number' ? status : undefined
}
