// The Docker Engine behind one door, where every call has a deadline:
// dockerode has none of its own, and a hung engine would hang us.
import { PlatformError } from '@paas/domain/errors'
import { withDeadline } from '@paas/service/wait'
import Docker from 'dockerode'

export const CALL_DEADLINE_MS = 15_000
/** Load, commit and archives of 100 MB take 1-5 s; a busy disk ten times that. */
export const BULK_DEADLINE_MS = 120_000

export interface Engine {
  docker: Docker
  /** Begins every name we give. */
  prefix: string
  cgroupParent: string
  appSubnet: string
  /** Runs one call under a deadline; engine failures come back as PlatformError with `cause`. Status codes named in `expected` reject with the engine's own error, for the caller to read. */
  call<T>(
    what: string,
    work: (signal: AbortSignal) => Promise<T>,
    options?: { deadlineMs?: number; expected?: number[] },
  ): Promise<T>
}

export interface EngineSettings {
  dockerHost: string
  namePrefix: string
  cgroupParent: string
  appSubnet: string
}

export function openEngine({ dockerHost, namePrefix, cgroupParent, appSubnet }: EngineSettings): Engine {
  const url = new URL(dockerHost)
  const docker =
    url.protocol === 'unix:'
      ? new Docker({ socketPath: url.pathname, version: 'v1.41' })
      : new Docker({ host: url.hostname, port: Number(url.port || 2375), protocol: 'http', version: 'v1.41' })
  return {
    docker,
    prefix: namePrefix,
    cgroupParent,
    appSubnet,
    async call(what, work, { deadlineMs = CALL_DEADLINE_MS, expected = [] } = {}) {
      try {
        return await withDeadline(`The Docker Engine (${what})`, deadlineMs, 'engine_timeout', work)
      } catch (error) {
        throw asPlatformError(what, error, expected)
      }
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
