// A receiver with a real Postgres and real git, and a stand-in for the stages
// after it: a test says what each build comes to, and this writes the rows and
// log lines that builder, api and scheduler would.
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import type { LogEntry, LogReader, LogWriter } from '@paas/logs/types'
import { createLog } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { Bell } from '@paas/service/wait'
import { applyMigrations } from '@paas/store/migrate'
import { openStore, type Store } from '@paas/store/store'
import { createToken } from '@paas/store/tokens'
import { createUser, ensureAdmin } from '@paas/store/users'
import { wake } from '@paas/store/wakes'
import { startTestPostgres } from '@paas/testing/postgres'
import type { ReceiverSettings } from './push.ts'
import { startReceiver } from './start.ts'

export interface BuildScript {
  output?: string[]
  /** Without it the build succeeds. */
  buildFailure?: string
  /** What its release command prints. */
  command?: string[]
  release?: { status: 'succeeded' } | { status: 'failed'; code: string; message: string }
  /** Resolves when the build may end. */
  until?: Promise<unknown>
}

export type GitRun = Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr'>

export interface Harness {
  store: Store
  dir: string
  settings: ReceiverSettings
  ownerToken: string
  strangerToken: string
  adminToken: string
  /** Ids of builds in the order their jobs came. */
  jobs: string[]
  /** What the next builds come to; the last one stays. */
  script: (build: string) => BuildScript
  createApp(name: string): Promise<string>
  /** A repository with one commit and `paas` as its remote. */
  createRepository(app: string, files: Record<string, string>, token?: string): string
  commit(repository: string, files: Record<string, string>): string
  url(app: string, token?: string): string
  restart(settings?: Partial<ReceiverSettings>): Promise<void>
  stop(): Promise<void>
}

export async function startHarness(): Promise<Harness> {
  const dir = mkdtempSync(path.join(tmpdir(), 'paas-receive-'))
  const postgres = await startTestPostgres()
  await applyMigrations(
    postgres.databaseUrl,
    path.resolve(import.meta.dirname, '../../../prisma/migrations'),
    createLog('test', 'silent'),
  )
  const keyPath = path.join(dir, 'key')
  writeFileSync(keyPath, randomBytes(32))
  const store = openStore({ databaseUrl: postgres.databaseUrl, keyPath })
  const owner = await createUser(store, { email: 'owner@example.com' })
  const stranger = await createUser(store, { email: 'stranger@example.com' })
  const admin = await ensureAdmin(store, { email: 'admin@example.com' })
  const tokenOf = async (userId: string) => (await createToken(store, { userId, description: 'test' })).token
  const logs = memoryLogs()
  const settings: ReceiverSettings = {
    domain: 'example.test',
    httpPort: 80,
    httpsPort: 443,
    dataDir: path.join(dir, 'data'),
    runDir: path.join(dir, 'run'),
    packMaxBytes: 4 * 1024 * 1024,
    sourceMaxBytes: 2 * 1024 * 1024,
    sourceMaxEntries: 1000,
    diskReserveBytes: 0,
  }
  const harness: Harness = {
    store,
    dir,
    settings,
    ownerToken: await tokenOf(owner.id),
    strangerToken: await tokenOf(stranger.id),
    adminToken: await tokenOf(admin.id),
    jobs: [],
    script: () => ({ output: ['-----> Node.js app detected'] }),
    async createApp(name) {
      return (await store.db.app.create({ data: { name, ownerId: owner.id }, select: { id: true } })).id
    },
    createRepository(app, files, token) {
      const repository = mkdtempSync(path.join(dir, 'work-'))
      gitNow(repository, 'init', '-q', '-b', 'main')
      gitNow(repository, 'remote', 'add', 'paas', harness.url(app, token))
      harness.commit(repository, files)
      return repository
    },
    commit(repository, files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(repository, name)), { recursive: true })
        writeFileSync(path.join(repository, name), text)
      }
      gitNow(repository, 'add', '-A')
      gitNow(repository, 'commit', '-q', '--allow-empty', '-m', 'x')
      return gitNow(repository, 'rev-parse', 'HEAD').trim()
    },
    url: (app, token = harness.ownerToken) => `http://git:${token}@127.0.0.1:${port}/${app}.git`,
    async restart(changes = {}) {
      await receiver.close()
      Object.assign(settings, changes)
      receiver = await start()
    },
    async stop() {
      await receiver.close()
      door.close()
      await store.close()
      await postgres.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
  const queues = {
    async add(_queue: string, id: string) {
      harness.jobs.push(id)
      void carryOut(store, logs, id, harness.script(id))
    },
  }
  const start = () =>
    startReceiver({ store, queues, logs, log: createLog('receiver', process.env['LOG_LEVEL'] ?? 'silent'), settings })
  let receiver: Service = await start()
  const { door, port } = await openDoor(paths.receiverSocket(settings))
  return harness
}

/** git speaks TCP and the receiver a unix socket; in the platform the router stands between them. */
async function openDoor(socketPath: string): Promise<{ door: Server; port: number }> {
  const door = createServer((client) => {
    const inside = connect(socketPath)
    client.pipe(inside).pipe(client)
    for (const socket of [client, inside]) socket.on('error', () => {})
    client.on('close', () => inside.destroy())
    inside.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  return { door, port: (door.address() as { port: number }).port }
}

/** What builder, api and scheduler would do with this build. */
async function carryOut(store: Store, logs: ReturnType<typeof memoryLogs>, id: string, script: BuildScript): Promise<void> {
  const { db } = store
  const { appId, commit } = await db.build.update({ where: { id }, data: { status: 'running' } })
  await wake(db, 'build', id)
  for (const text of script.output ?? []) logs.writer.write(`build:${id}`, { source: 'heroku', dyno: 'build', text })
  await script.until
  if (script.buildFailure) {
    await db.build.update({ where: { id }, data: { status: 'failed', failureMessage: script.buildFailure } })
    logs.writer.end(`build:${id}`)
    return wake(db, 'build', id)
  }
  await db.build.update({ where: { id }, data: { status: 'succeeded' } })
  logs.writer.end(`build:${id}`)
  const processTypes = script.command ? { release: 'migrate' } : {}
  const slug = await db.slug.create({ data: { appId, buildId: id, image: 'x', commit, processTypes } })
  const config = await db.configSet.create({ data: { appId, sealed: Buffer.from('x') } })
  const { lastVersion } = await db.app.update({ where: { id: appId }, data: { lastVersion: { increment: 1 } } })
  const release = await db.release.create({
    data: { appId, version: lastVersion, description: 'Deploy', slugId: slug.id, configId: config.id },
  })
  await db.build.update({ where: { id }, data: { releaseVersion: lastVersion } })
  await wake(db, 'build', id)
  if (script.command) {
    const phase = { appId, releaseId: release.id, type: 'release', number: 1, command: 'migrate' }
    const dyno = await db.dyno.create({ data: phase })
    await wake(db, 'dyno', appId)
    for (const text of script.command) {
      logs.writer.write(`app:${appId}`, { at: Date.now() * 1000 + 1000, source: 'app', dyno: 'release.1', text })
    }
    await db.dyno.update({ where: { id: dyno.id }, data: { state: 'down' } })
    await wake(db, 'dyno', appId)
  }
  const end = script.release ?? { status: 'succeeded' }
  const failure = end.status === 'failed' ? { failureCode: end.code, failureMessage: end.message } : {}
  await db.release.update({ where: { id: release.id }, data: { status: end.status, ...failure } })
  await wake(db, 'release', appId)
}

function memoryLogs(): { reader: LogReader; writer: LogWriter } {
  const streams = new Map<string, { entries: LogEntry[]; ended: boolean; bell: Bell }>()
  const streamOf = (name: string) => {
    const stream = streams.get(name) ?? { entries: [], ended: false, bell: new Bell() }
    streams.set(name, stream)
    return stream
  }
  return {
    writer: {
      write(name, line) {
        const stream = streamOf(name)
        stream.entries.push({ at: 0, seq: stream.entries.length + 1, ...line })
        stream.bell.ring()
      },
      end(name) {
        streamOf(name).ended = true
        streamOf(name).bell.ring()
      },
      async flush() {},
      async close() {},
    },
    reader: {
      async *read(name, { after = 0, source, dyno }, signal) {
        const stream = streamOf(name)
        for (let next = after; !signal.aborted; ) {
          const entry = stream.entries[next]
          if (entry) {
            next += 1
            if ((source ?? entry.source) === entry.source && (dyno ?? entry.dyno) === entry.dyno) yield entry
          } else if (stream.ended) return
          else await stream.bell.next(1000, signal)
        }
      },
      async remove(name) {
        streams.delete(name)
      },
    },
  }
}

const ENV = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
}

/** Local git, for setting tests up; throws when it fails. */
export function gitNow(cwd: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd, env: ENV, encoding: 'utf8' })
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** Git that talks to the receiver, which lives in this process; so not synchronously. */
export async function git(cwd: string, ...args: string[]): Promise<GitRun> {
  const child = spawn('git', args, { cwd, env: ENV })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, stdout, stderr }
}
