// One request to the registry's API, with its token and a deadline.
// https://distribution.github.io/distribution/spec/api/
import { readFile } from 'node:fs/promises'
import https from 'node:https'
import { buffer } from 'node:stream/consumers'
import { paths, type Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { pause, withDeadline } from '@paas/service/wait'
import { registryAddress } from './address.ts'
import { type Access, signToken } from './tokens.ts'

const DEADLINE_MS = 10_000
const RETRY_MS = 100

export type RegistrySettings = Pick<Settings, 'dataDir' | 'linkSubnet' | 'registryPort'>

export interface RegistryAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

export interface RegistryRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  path: string
  access: Access[]
  headers?: Record<string, string>
  /** Other answers throw. */
  expected: number[]
}

/** Throws `registry_unreachable` when it does not answer, `registry_refused` with its words when it answers otherwise than expected. */
export async function askRegistry(
  settings: RegistrySettings,
  { access, expected, ...request }: RegistryRequest,
): Promise<RegistryAnswer> {
  const what = `${request.method} ${request.path}`
  const [ca, token] = await Promise.all([readFile(paths.caCertificate(settings)), signToken(settings, access)])
  const answer = await withDeadline(`The image registry (${what})`, DEADLINE_MS, 'registry_unreachable', (signal) =>
    sendWhenUp(settings, { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } }, ca, signal),
  ).catch((cause) => {
    if (cause instanceof PlatformError) throw cause
    throw new PlatformError('registry_unreachable', `The image registry cannot be reached (${what})`, { cause })
  })
  if (expected.includes(answer.status)) return answer
  throw new PlatformError(
    'registry_refused',
    `The image registry refused (${what}): ${answer.status} ${answer.body.slice(0, 300)}`,
  )
}

/** It comes with the first other host, and is away for a moment while it collects garbage: who is refused a connection tries again. */
async function sendWhenUp(...[settings, request, ca, signal]: Parameters<typeof send>): Promise<RegistryAnswer> {
  for (;;) {
    try {
      return await send(settings, request, ca, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED' || signal.aborted) throw error
    }
    await pause(RETRY_MS, signal)
  }
}

async function send(
  settings: RegistrySettings,
  { method, path, headers }: Omit<RegistryRequest, 'access' | 'expected'>,
  ca: Buffer,
  signal: AbortSignal,
): Promise<RegistryAnswer> {
  const options = { host: registryAddress(settings), port: settings.registryPort, method, path, headers, ca, signal }
  const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    https.request(options, resolve).once('error', reject).end()
  })
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: (await buffer(answer)).toString('utf8') }
}
