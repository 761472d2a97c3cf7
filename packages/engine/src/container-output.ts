// What dynos print, as the engine kept it. A door of its own beside the client,
// for the one process that only reads: a few GETs as HTTP/1.0 over a plain
// socket. dockerode would cost that process 28 MB, and under HTTP/1.1 the
// engine sends each line as a chunk of its own; without chunks, 64 kB of lines
// arrive at once (docs/design/070-logs.md has the figures).
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { PlatformError } from '@paas/domain/errors'
import { withDeadline } from '@paas/service/wait'
import { agreeVersion, type VersionAnswer } from './api-version.ts'
import type { EngineTls } from './client.ts'
import { type Belongs, belongsOf, labelFilter } from './labels.ts'

const DEADLINE_MS = 15_000
const HEAD_MAX_BYTES = 64 * 1024
/** One-off dynos whose terminal is somebody's own: what they print is not logged. */
const ATTACHED = 'paas.attached'

export interface DynoContainer {
  id: string
  appId: string
  /** `web.1` */
  dyno: string
}

export interface ContainerOutput {
  /** Dyno containers of this platform, running or exited, whose output is to be logged. */
  list(): Promise<DynoContainer[]>
  /** Yields once the engine listens and then at every start of a container of ours; ends with the connection. */
  starts(signal: AbortSignal): AsyncIterable<void>
  /** False also when it is gone. */
  isRunning(id: string): Promise<boolean>
  /** Everything since `since` (seconds, with nanoseconds as decimals), in Docker's frames with timestamps; with `follow` until the container exits. */
  read(id: string, options: { since: string; follow: boolean }, signal: AbortSignal): AsyncIterable<Buffer>
}

export interface OutputSettings {
  dockerHost: string
  tls?: EngineTls | undefined
  namePrefix: string
}

export function openContainerOutput({ dockerHost, tls, namePrefix }: OutputSettings): ContainerOutput {
  const engine: Address = { url: new URL(dockerHost), tls }
  const labels = labelFilter({ prefix: namePrefix })
  const query = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString()
  return {
    async list() {
      const found = await getJson(engine, `/containers/json?${query({ all: '1', filters: JSON.stringify({ label: labels }) })}`)
      return (found as { Id: string; Labels: Record<string, string> }[]).flatMap(({ Id, Labels }) => asDyno(Id, Labels))
    },
    async *starts(signal) {
      const filters = JSON.stringify({ type: ['container'], event: ['start'], label: labels })
      const { socket, body } = await get(engine, `/events?${query({ filters })}`, signal)
      yield
      for await (const _chunk of bodyOf(socket, body, signal)) yield
    },
    async isRunning(id) {
      const { State } = ((await getJson(engine, `/containers/${id}/json`, true)) ?? {}) as { State?: { Running: boolean } }
      return State?.Running ?? false
    },
    async *read(id, { since, follow }, signal) {
      const parameters = { stdout: '1', stderr: '1', timestamps: '1', since, follow: follow ? '1' : '0' }
      const { socket, body } = await get(engine, `/containers/${id}/logs?${query(parameters)}`, signal)
      yield* bodyOf(socket, body, signal)
    },
  }
}

function asDyno(id: string, labels: Record<string, string>): DynoContainer[] {
  const { appId, dynoName }: Belongs = belongsOf(labels)
  return appId && dynoName && labels[ATTACHED] !== 'true' ? [{ id, appId, dyno: dynoName }] : []
}

/** Undefined for a 404, when that is expected. */
async function getJson(engine: Address, path: string, mayBeGone = false): Promise<unknown> {
  return withDeadline('The Docker Engine', DEADLINE_MS, 'engine_timeout', async (signal) => {
    const { socket, status, body } = await get(engine, path, signal, mayBeGone)
    const answer = await readJson(socket, body, signal)
    return status === 404 ? undefined : answer
  })
}

interface Answer {
  socket: Socket
  status: number
  /** What came with the head. */
  body: Buffer
}

interface Address {
  url: URL
  tls: EngineTls | undefined
  /** `v1.41`; asked for again after the engine went away, since it may come back as a newer one. */
  version?: string
}

async function get(engine: Address, path: string, signal: AbortSignal, mayBeGone = false): Promise<Answer> {
  engine.version ??= agreeVersion(await readVersion(engine, signal))
  try {
    return await request(engine, `/${engine.version}${path}`, signal, mayBeGone)
  } catch (error) {
    if (!(error instanceof PlatformError && error.code === 'engine_refused')) delete engine.version
    throw error
  }
}

async function readVersion(engine: Address, signal: AbortSignal): Promise<VersionAnswer> {
  const { socket, body } = await request(engine, '/version', signal)
  return (await readJson(socket, body, signal)) as VersionAnswer
}

async function readJson(socket: Socket, first: Buffer, signal: AbortSignal): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of bodyOf(socket, first, signal)) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString())
}

/** Sends the request and reads the head; the rest of the answer is the socket's, until it closes. */
async function request(engine: Address, path: string, signal: AbortSignal, mayBeGone = false): Promise<Answer> {
  return withDeadline('The Docker Engine', DEADLINE_MS, 'engine_timeout', async (late) => {
    const socket = open(engine)
    try {
      socket.write(`GET ${path} HTTP/1.0\r\nHost: docker\r\n\r\n`)
      const answer = await readHead(socket, AbortSignal.any([signal, late]))
      if (answer.status === 200 || (answer.status === 404 && mayBeGone)) return answer
      throw new PlatformError('engine_refused', `The Docker Engine answered ${answer.status} (${path.split('?')[0]})`)
    } catch (error) {
      socket.destroy()
      if (error instanceof PlatformError) throw error
      throw new PlatformError('engine_unreachable', 'The Docker Engine cannot be reached', { cause: error })
    }
  })
}

function open({ url, tls }: Address): Socket {
  if (url.protocol === 'unix:') return connect(url.pathname)
  const host = url.hostname
  return tls ? connectTls({ host, port: Number(url.port || 2376), ...tls }) : connect(Number(url.port || 2375), host)
}

async function readHead(socket: Socket, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0)
    const stop = () => finish(() => reject(new Error('aborted')))
    const failed = (error?: Error) => finish(() => reject(error ?? new Error('closed before an answer')))
    const closed = () => failed()
    function finish(settle: () => void) {
      socket.pause()
      socket.off('data', take).off('error', failed).off('close', closed)
      signal.removeEventListener('abort', stop)
      settle()
    }
    function take(chunk: Buffer) {
      seen = Buffer.concat([seen, chunk])
      const end = seen.indexOf('\r\n\r\n')
      if (end < 0 && seen.length < HEAD_MAX_BYTES) return
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(seen.toString('latin1', 0, 12))?.[1])
      if (end < 0 || !status) return failed(new Error('this is no HTTP answer'))
      finish(() => resolve({ socket, status, body: seen.subarray(end + 4) }))
    }
    socket.on('data', take).on('error', failed).on('close', closed)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
}

/** Ends quietly at an abort; rejects when the connection breaks. */
async function* bodyOf(socket: Socket, first: Buffer, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = () => socket.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (first.length > 0) yield first
    for await (const chunk of socket as AsyncIterable<Buffer>) yield chunk
  } catch (error) {
    if (!signal.aborted) throw new PlatformError('engine_unreachable', 'The Docker Engine broke off', { cause: error })
  } finally {
    signal.removeEventListener('abort', stop)
    socket.destroy()
  }
}
