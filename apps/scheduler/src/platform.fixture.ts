// A scheduler with everything real around it except the routers and the
// log-router: those two are played by the test, which speaks their protocols.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { type Route, TableMessage } from '@paas/contract/routes'
import { paths } from '@paas/contract/settings'
import { type Engine, openEngine } from '@paas/engine/client'
import { type DynoEngine, openDynoEngine } from '@paas/engine/dyno-engine'
import type { LogWriter } from '@paas/logs/types'
import { Registry } from '@paas/registry/registry'
import { createLog } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { createExec } from '@paas/store/execs'
import { applyMigrations } from '@paas/store/migrate'
import { seal } from '@paas/store/seal'
import { openStore, type Store } from '@paas/store/store'
import { wake } from '@paas/store/wakes'
import { dockerHost, engineKind } from '@paas/testing/engine'
import { startTestPostgres } from '@paas/testing/postgres'
import { purgeEngine } from '@paas/testing/purge'
import type { SchedulerDeps } from './deps.ts'
import { startScheduler } from './start.ts'
import { tinyImage } from './tiny-image.fixture.ts'

export interface Fixture {
  store: Store
  engine: Engine
  dynos: DynoEngine
  settings: Parameters<typeof startScheduler>[0]['settings']
  /** Log lines of all apps, `heroku[web.1]: text`. */
  lines: string[]
  /** The table, as a router has it. */
  table: Map<string, Route>
  start(): Promise<void>
  /** A second scheduler for the same rows, with sockets of its own. */
  startAnother(): Promise<Service>
  stop(): Promise<void>
  close(): Promise<void>
  makeApp(name: string, formation?: Record<string, number>): Promise<string>
  /** A one-off that waits for its client, and a connection to the rendezvous port that has said nothing yet. */
  attach(appId: string, command: string, tty?: boolean): Promise<{ socket: TLSSocket; secret: string; id: string }>
  /** The same for a command in this running dyno. */
  exec(
    appId: string,
    dynoId: string,
    command: string | null,
    tty?: boolean,
  ): Promise<{ socket: TLSSocket; secret: string; id: string }>
  /** Output of an attached one-off, run to its end. */
  run(appId: string, command: string): Promise<string>
  /** A release of a new slug with these process types; the scheduler is woken. */
  release(
    appId: string,
    types: Record<string, string | null>,
    extra?: { healthPath?: string; config?: Record<string, string> },
  ): Promise<string>
}

export const PREFIX = 'tplace'

export async function openFixture(): Promise<Fixture> {
  await purgeEngine(PREFIX)
  const postgres = await startTestPostgres()
  const folder = mkdtempSync(path.join(tmpdir(), 'paas-place-'))
  const settings = {
    ...{ domain: 'localhost', bindAddress: '127.0.0.1', httpPort: 80, httpsPort: 443, rendezvousPort: 25_871 },
    ...{ dataDir: folder, runDir: folder, dockerHost: dockerHost(), namePrefix: PREFIX },
    ...{ engineKind: engineKind() },
    ...{
      databaseUrl: postgres.databaseUrl,
      cgroupParent: `/${PREFIX}`,
      appSubnet: '10.221.0.0/16',
      hostSubnets: '10.128.0.0/10',
      linkSubnet: '10.127.0.0/16',
      linkPort: 21_871,
      registryPort: 5_543,
      memoryOvercommit: 4,
    },
    ...{ stopGraceMs: 3_000, drainMs: 3_000, bootTimeoutMs: 4_000, releasePhaseTimeoutMs: 20_000, dynoDiskMaxMiB: 8 },
  }
  mkdirSync(path.join(folder, 'tls'))
  writeFileSync(path.join(folder, 'key'), Buffer.alloc(32, 7))
  issueCertificate(settings, 'localhost')
  const log = createLog('test', process.env['PAAS_LOG_LEVEL'] ?? 'silent')
  await applyMigrations(postgres.databaseUrl, path.join(import.meta.dirname, '../../../prisma/migrations'), log)
  const store = openStore({ databaseUrl: postgres.databaseUrl, keyPath: path.join(folder, 'key') })
  const engine = openEngine(settings)
  const image = `${PREFIX}/tiny:1`
  await tinyImage(engine, image)
  const lines: string[] = []
  const logs: LogWriter = {
    write: (_stream, { source, dyno, text }) => void lines.push(`${source}[${dyno}]: ${text}`),
    end() {},
    async flush() {},
    async close() {},
  }
  const table = new Map<string, Route>()
  const alone = () => Promise.reject(new Error('this platform has one machine'))
  const deps: SchedulerDeps = {
    ...{ store, engine, logs, logReader: { remove: async () => {} }, log, settings, registry: new Registry(settings) },
    ...{ stackImage: image, linkImage: alone },
    authority: { certificate: () => '', issueClient: alone, signServer: alone },
  }
  let service: Service | undefined
  let router: Socket | undefined
  const fixture: Fixture = {
    ...{ store, engine, dynos: openDynoEngine(settings.engineKind, engine), settings, lines, table },
    async start() {
      service = await startScheduler(deps)
      router = playRouter(paths.routesSocket(settings), table)
    },
    async startAnother() {
      const runDir = mkdtempSync(path.join(tmpdir(), 'paas-place-'))
      const another = await startScheduler({ ...deps, settings: { ...settings, runDir, rendezvousPort: 25_872 } })
      return { ...another, close: () => another.close().finally(() => rmSync(runDir, { recursive: true })) }
    },
    async stop() {
      router?.destroy()
      await service?.close()
      service = undefined
    },
    async close() {
      await fixture.stop()
      await store.close()
      await postgres.stop()
      await purgeEngine(PREFIX)
      rmSync(folder, { recursive: true, force: true })
    },
    async makeApp(name, formation = {}) {
      const app = await store.db.app.create({ data: { name, owner: { create: { email: `${name}@example.com` } } } })
      const rows = Object.entries(formation).map(([type, quantity]) => ({ appId: app.id, type, quantity }))
      await store.db.formation.createMany({ data: rows })
      return app.id
    },
    async attach(appId, command, tty = false) {
      const secret = crypto.randomUUID()
      const release = await store.db.release.findFirstOrThrow({ where: { appId, status: 'succeeded' } })
      const attachHash = new Uint8Array(createHash('sha256').update(secret).digest())
      const env = { TERM: 'xterm', COLUMNS: '91', LINES: '31' }
      const row = await store.db.dyno.create({
        data: { appId, releaseId: release.id, type: 'run', number: 1001, command, attach: true, tty, attachHash, env },
      })
      return { socket: callRendezvous(settings), secret, id: row.id }
    },
    async exec(appId, dynoId, command, tty = false) {
      const env = { TERM: 'xterm', COLUMNS: '91', LINES: '31' }
      const { id, secret } = await createExec(store, appId, { dynoId, command, tty, env }, 60_000)
      return { socket: callRendezvous(settings), secret, id }
    },
    async run(appId, command) {
      const { socket, secret } = await fixture.attach(appId, command)
      let output = ''
      socket.on('data', (chunk) => (output += chunk))
      socket.write(`${secret}\r\n`)
      await new Promise((resolve) => socket.once('close', resolve))
      return output.replace('rendezvous\r\n', '')
    },
    async release(appId, processTypes, { healthPath, config = {} } = {}) {
      const sealed = new Uint8Array(seal(store.key, appId, JSON.stringify(config)))
      const set = await store.db.configSet.create({ data: { appId, sealed } })
      const slug = await store.db.slug.create({
        data: { appId, image, commit: 'c'.repeat(40), processTypes, healthPath: healthPath ?? null },
      })
      const { lastVersion: version } = await store.db.app.update({
        where: { id: appId },
        data: { lastVersion: { increment: 1 } },
      })
      const release = await store.db.release.create({
        data: { appId, version, description: '', slugId: slug.id, configId: set.id },
      })
      await wake(store.db, 'app', appId)
      return release.id
    },
  }
  return fixture
}

function callRendezvous({ rendezvousPort: port }: { rendezvousPort: number }): TLSSocket {
  return connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
}

/** A new key and certificate of this name, in place of those before. */
export function issueCertificate(settings: { dataDir: string }, name: string): void {
  const files = ['-keyout', paths.certificateKey(settings), '-out', paths.certificate(settings)]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  spawnSync('openssl', ['req', '-x509', ...key, '-subj', `/CN=${name}`, ...files])
}

/** Applies what it is told at once, and has no request open. */
function playRouter(socketPath: string, table: Map<string, Route>): Socket {
  const socket = connect(socketPath)
  const tell = (message: object) => socket.write(`${JSON.stringify(message)}\n`)
  let rest = ''
  socket.on('error', () => {})
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const message = TableMessage.parse(JSON.parse(line))
      const before = new Set([...table.values()].flatMap(({ dynos }) => dynos.map(({ id }) => id)))
      if (message.full) table.clear()
      for (const route of message.set) table.set(route.appId, route)
      for (const appId of message.remove) table.delete(appId)
      const now = new Set([...table.values()].flatMap(({ dynos }) => dynos.map(({ id }) => id)))
      tell({ kind: 'applied', version: message.version })
      for (const dynoId of before) if (!now.has(dynoId)) tell({ kind: 'drained', dynoId })
    }
  })
  tell({ kind: 'hello', pid: process.pid })
  return socket
}
