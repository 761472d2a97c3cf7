// The api as its tests see it: the real thing on a real Postgres and a unix
// socket, with logs kept in memory and a queue whose jobs the test hands over.
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import type { ResultJob } from '@paas/contract/jobs'
import { paths } from '@paas/contract/settings'
import type { LogEntry, LogReader, LogWriter } from '@paas/logs/types'
import type { Queues } from '@paas/queue/types'
import { createLog } from '@paas/service/log'
import { createBuild, finishBuild } from '@paas/store/builds'
import { applyMigrations } from '@paas/store/migrate'
import { openStore, type Store } from '@paas/store/store'
import { createToken } from '@paas/store/tokens'
import { createUser, ensureAdmin } from '@paas/store/users'
import { startTestPostgres } from '@paas/testing/postgres'
import { test } from 'vitest'
import { makeTestAuthority, type TestAuthority } from './certificates.fixture.ts'
import { startApi } from './start.ts'

export const PASSWORD = 'correct horse battery'

export interface Person {
  id: string
  email: string
  token: string
}

export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: whatever came; tests look at single fields
  body: any
}

export interface CallOptions {
  body?: unknown
  /** Sent as it is. */
  raw?: string
  headers?: Record<string, string>
  authorization?: string
}

export interface TestApi {
  store: Store
  authority: TestAuthority
  lines: LogEntry[]
  call(person: Person | undefined, method: string, path: string, options?: CallOptions): Promise<Answer>
  person(email: string): Promise<Person>
  admin(): Promise<Person>
  /** A build that succeeded, as the builder leaves it; the results job is the test's to hand over. */
  built(appId: string, processTypes: Record<string, string | null>, commit?: string): Promise<string>
  /** As the queue does. */
  result(job: ResultJob): Promise<void>
  stop(): Promise<void>
}

export async function startTestApi({ apiRequestsPerHour = 100_000 } = {}): Promise<TestApi> {
  const log = createLog('test', process.env['TEST_LOG'] ?? 'silent')
  const postgres = await startTestPostgres()
  const dir = mkdtempSync(path.join(tmpdir(), 'paas-api-'))
  const settings = {
    ...{ runDir: dir, dataDir: dir, domain: 'paas.test', httpsPort: 8443, rendezvousPort: 5000, apiRequestsPerHour },
    ...{ memoryOvercommit: 1, hostSubnets: '10.128.0.0/10', engineKind: 'docker' as const },
  }
  const authority = makeTestAuthority(path.join(dir, 'authority'))
  await applyMigrations(postgres.databaseUrl, path.join(import.meta.dirname, '../../../prisma/migrations'), log)
  writeFileSync(path.join(dir, 'key'), randomBytes(32))
  const store = openStore({ databaseUrl: postgres.databaseUrl, keyPath: path.join(dir, 'key') })
  const logs = memoryLogs()
  let handler: ((job: ResultJob, signal: AbortSignal) => Promise<void>) | undefined
  const work = async (_queue: unknown, _concurrency: number, work: unknown) => {
    handler = work as typeof handler
    return { name: 'queue', close: async () => {} }
  }
  const queues: Pick<Queues, 'work'> = { work: work as Queues['work'] }
  const service = await startApi({ store, queues, logs, log, settings, authority })
  const tokenOf = async (userId: string) => (await createToken(store, { userId, description: 'test' })).token

  return {
    store,
    authority,
    lines: logs.lines,
    call: (person, method, target, options) => call(paths.apiSocket(settings), person, method, target, options),
    async person(email) {
      const { id } = await createUser(store, { email, password: PASSWORD })
      return { id, email, token: await tokenOf(id) }
    },
    async admin() {
      const email = 'admin@paas.test'
      const { id } = await ensureAdmin(store, { email, password: PASSWORD })
      return { id, email, token: await tokenOf(id) }
    },
    async built(appId, processTypes, commit = randomBytes(20).toString('hex')) {
      const id = randomUUID()
      await createBuild(store, { id, appId, userId: null, commit, sourcePath: '/nowhere', sourceBytes: 1 })
      await store.db.build.update({ where: { id }, data: { status: 'running', attempt: 1 } })
      const slug = {
        image: `test/${id}`,
        processTypes,
        healthPath: undefined,
        language: 'Node.js',
        bytes: 10,
        buildpacks: ['nodejs'],
      }
      if (!(await finishBuild(store, { id, appId, attempt: 1 }, slug))) throw new Error('the build could not be finished')
      return id
    },
    async result(job) {
      if (!handler) throw new Error('nobody works on results')
      await handler(job, new AbortController().signal)
    },
    async stop() {
      await service.close()
      await store.close()
      await postgres.stop()
      rmSync(dir, { recursive: true })
    },
  }
}

/** A test gets what it names: an api that the file's tests share, `me`, who asks it, and a new `app` of mine at `path`. */
export const it = test
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures this one needs
  .extend('api', { scope: 'file' }, async ({}, { onCleanup }) => {
    const api = await startTestApi()
    onCleanup(() => api.stop())
    return api
  })
  .extend('me', { scope: 'file' }, ({ api }) => api.person('me@example.com'))
  .extend('get', ({ api, me }) => (target: string, headers = {}) => {
    return api.call(me, 'GET', target, { headers })
  })
  .extend('send', ({ api, me }) => (method: string, target: string, body: unknown = {}, headers = {}) => {
    return api.call(me, method, target, { body, headers })
  })
  .extend('app', async ({ send }): Promise<{ id: string; name: string }> => (await send('POST', '/apps')).body)
  .extend('path', ({ app }) => `/apps/${app.name}`)
  .extend('versions', ({ get, path }) => async () => {
    return (await get(`${path}/releases`)).body.map((release: { version: number }) => release.version)
  })
  /** Releases a new build, and settles the release as the scheduler would. */
  .extend('deploy', ({ api, app, get, path }) => {
    return async (
      processTypes: Record<string, string | null> = { web: 'node .' },
      settle: 'succeeded' | 'failed' | 'pending' = 'succeeded',
    ) => {
      await api.result({ appId: app.id, buildId: await api.built(app.id, processTypes) })
      const [release] = (await get(`${path}/releases`, { range: 'version ..; order=desc,max=1' })).body
      await api.store.db.release.update({ where: { id: release.id }, data: { status: settle } })
      return release as { id: string; version: number }
    }
  })

async function call(
  socketPath: string,
  person: Person | undefined,
  method: string,
  target: string,
  options: CallOptions = {},
): Promise<Answer> {
  const payload = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body))
  const authorization = options.authorization ?? (person ? `Bearer ${person.token}` : undefined)
  const headers: Record<string, string> = {
    host: 'api.paas.test:8443',
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '192.0.2.1',
    accept: 'application/vnd.heroku+json; version=3',
    ...(authorization ? { authorization } : {}),
    ...(payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
    ...options.headers,
  }
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = http.request({ socketPath, method, path: target, headers }, resolve)
    request.on('error', reject)
    request.end(payload)
  })
  const body = await text(response)
  const isJson = response.headers['content-type']?.includes('json')
  return { status: response.statusCode ?? 0, headers: response.headers, body: isJson ? JSON.parse(body) : body }
}

/** One stream of lines, read back by any reader; a tail ends with its signal. */
function memoryLogs(): { lines: LogEntry[]; reader: LogReader; writer: LogWriter } {
  const lines: (LogEntry & { stream: string })[] = []
  return {
    lines,
    writer: {
      write: (stream, line) => void lines.push({ at: Date.now() * 1000, ...line, stream, seq: lines.length + 1 }),
      end: () => {},
      flush: async () => {},
      close: async () => {},
    },
    reader: {
      async *read(stream, { lines: wanted = 100, tail, after, source, dyno }, signal) {
        const matching = lines.filter(
          (line) =>
            line.stream === stream &&
            (!source || line.source === source) &&
            (!dyno || line.dyno === dyno || line.dyno.startsWith(`${dyno}.`)),
        )
        yield* after === undefined ? matching.slice(-wanted) : matching.filter(({ seq }) => seq > after)
        if (tail && !signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      },
      remove: async () => {},
    },
  }
}
