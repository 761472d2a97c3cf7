// Certificates between the platform and an engine are renewed before their
// end, on a machine as `hosts:add --ssh` leaves one (infra/host/setup.sh),
// while what runs there goes on.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openEngine } from '@paas/engine/client'
import { readServerCertificate, renewServerCertificate } from '@paas/engine/server-certificate'
import { ensureAuthority, issueLeaf } from '@paas/platform/authority'
import { hostAuthority } from '@paas/platform/host-certificates'
import { watchCertificates } from '@paas/scheduler/certificates'
import type { Scheduler } from '@paas/scheduler/deps'
import { Fleet } from '@paas/scheduler/fleet'
import { HostWatches } from '@paas/scheduler/host-watches'
import { Placer } from '@paas/scheduler/placer'
import { createLog } from '@paas/service/log'
import { ensureLinkImage } from '@paas/stack/link'
import { changeHost, type HostCredentials, replaceCredentials } from '@paas/store/hosts'
import { createHost } from '@paas/store/hosts-api'
import { applyMigrations } from '@paas/store/migrate'
import { openStore, type Store } from '@paas/store/store'
import { must, ROOT } from '@paas/testing/platform'
import { startTestPostgres, type TestPostgres } from '@paas/testing/postgres'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestHost } from './host.ts'
import { type Rig, startHosts } from './rig.ts'
import { folderOf } from './state.ts'

const DAY_MS = 86_400_000
const LONG_AGO = new Date(Date.now() - 300 * DAY_MS) // of a certificate of a year: less than a third of it is left
const PAIR = '/etc/docker/paas/pair.pem'

const dir = mkdtempSync(path.join(tmpdir(), 'paas-certificates-'))
const settings = {
  ...{ dataDir: dir, runDir: dir, domain: 'paas.test', dockerHost: 'unix:///var/run/docker.sock', engineKind: 'docker' as const },
  ...{ namePrefix: 'tcert', cgroupParent: '', appSubnet: '10.124.0.0/18', hostSubnets: '10.128.0.0/10', memoryOvercommit: 4 },
}
const authority = hostAuthority(settings)
const log = createLog('test', process.env['PAAS_LOG_LEVEL'] ?? 'silent')

let rig: Rig
let h1: TestHost
let postgres: TestPostgres
let store: Store
let fleet: Fleet
let hostId: string
const conditions = new Set<string>()
const watches = new HostWatches()

beforeAll(async () => {
  await ensureAuthority(settings)
  rig = await startHosts({ count: 1 })
  h1 = rig.host('h1')
  await prepareMachine()
  postgres = await startTestPostgres()
  await applyMigrations(postgres.databaseUrl, path.join(ROOT, 'prisma/migrations'), log)
  writeFileSync(path.join(dir, 'key'), Buffer.alloc(32, 7))
  store = openStore({ databaseUrl: postgres.databaseUrl, keyPath: path.join(dir, 'key') })
  const credentials = await authority.issueClient()
  ;({ id: hostId } = await createHost(store, { name: 'h1', engineUrl: h1.url, credentials, maxNumber: 9 }))
  await changeHost(store, hostId, { condition: 'up' })
  const engine = openEngine(settings)
  fleet = new Fleet({ store, engine, settings })
  await fleet.refresh()
  const placer = new Placer({ store, fleet, memoryOvercommit: settings.memoryOvercommit })
  // Of a scheduler, what watches hosts.
  watches.adjust({ store, fleet, placer, settings, log, look: () => {} } as unknown as Scheduler)
  store.wakes.on('host', async () => {
    const { condition, restartUntil } = await rowOf()
    conditions.add(restartUntil ? `${condition}, being restarted` : condition)
  })
}, 120_000)

afterAll(async () => {
  await watches.close()
  await store?.close()
  await postgres?.stop()
  await rig?.down()
  rmSync(dir, { recursive: true })
})

it('ours is replaced by one that was tried, and a call with the one before goes on', async () => {
  const old = await nearItsEnd()
  await replaceCredentials(store, hostId, old)
  await fleet.refresh()
  const { docker } = fleet.get(hostId)!.engine
  await must(h1.docker(['create', '--name', 'short', ...(await sleeper())]))
  const container = docker.getContainer('short')
  await container.start()
  const waiting = container.wait()
  const host = await onDuty(async () => ((await rowOf()).renewals as Renewals).client)
  expect(host).toMatchObject({ failures: 0, reason: null })
  await fleet.refresh()
  const { tls } = fleet.get(hostId)!
  expect(leftDays(tls!.cert)).toBeGreaterThan(360)
  expect(tls!.key).not.toBe(old.key)
  await must(h1.docker(['kill', 'short']))
  expect(await waiting).toMatchObject({ StatusCode: 137 })
})

it('the engine’s is replaced while a container there goes on, and the host is not given up', async () => {
  await must(h1.docker(['run', '--detach', '--name', 'lasting', ...(await sleeper())]))
  const before = await stateOf('lasting')
  expect(before).toContain('running')
  await serveNearItsEnd()
  const { key } = keysOf(pairThere())
  conditions.clear()
  const host = await onDuty(async () => ((await rowOf()).renewals as Renewals).server)
  expect(host).toMatchObject({ failures: 0, reason: null })
  const served = await readServerCertificate({ dockerHost: h1.url, tls: fleet.get(hostId)!.tls! })
  expect(leftDays(served)).toBeGreaterThan(360)
  expect(served.publicKey.equals(key)).toBe(false)
  expect((await rowOf()).serverCertificate).toMatchObject({ ours: true, notAfterMs: served.validToDate.getTime() })
  await until('the host is up', async () => (await rowOf()).condition === 'up')
  expect([...conditions].filter((condition) => condition.startsWith('lost'))).toEqual([])
  expect([...conditions].some((condition) => condition.endsWith('being restarted'))).toBe(true)
  expect((await rowOf()).restartUntil).toBeNull()
  expect(await stateOf('lasting')).toEqual(before)
  expect((await h1.inside(['ls', '/etc/docker/paas'])).stdout.trim().split('\n')).toEqual(['ca.pem', 'pair.pem'])
  expect((await h1.docker(['ps', '--all', '--quiet', '--filter', 'name=tcert'])).stdout).toBe('')
})

it('the one before comes back when the platform cannot use the new one', async () => {
  const before = [await stateOf('lasting'), pairThere()]
  const { engine, tls } = fleet.get(hostId)!
  const renewing = renewServerCertificate(engine, {
    ...{ dockerHost: h1.url, tls: tls!, image: await image(), onRestart: async () => {}, secondsToConfirm: 2 },
    sign: async (csr) => (await authority.signServer({ csr, address: '192.0.2.9' })).cert,
  })
  await expect(renewing).rejects.toMatchObject({ code: 'engine_refused', message: expect.stringContaining('192.0.2.9') })
  await expect(readServerCertificate({ dockerHost: h1.url, tls: tls! })).resolves.toBeInstanceOf(X509Certificate)
  expect([await stateOf('lasting'), pairThere()]).toEqual(before)
})

it('an engine whose restart would end its containers is not restarted, and the reason is told', async () => {
  await serveNearItsEnd()
  const pid = await enginePid()
  await configure({ 'live-restore': false })
  const host = await onDuty(async () => {
    const { server } = (await rowOf()).renewals as Renewals
    return server && server.failures > 0 ? server : undefined
  })
  expect(host).toMatchObject({ failures: 1, reason: expect.stringContaining('"live-restore": true') })
  expect(await enginePid()).toBe(pid)
})

interface Renewals {
  client?: { failures: number; reason: string | null }
  server?: { failures: number; reason: string | null }
}

const image = () => ensureLinkImage(fleet.get(hostId)!.engine, { workDir: '/tmp/paas-test-cache', onProgress: () => {} })
const sleeper = async () => ['--entrypoint', '/usr/bin/busybox', await image(), 'sleep', '3600']
const rowOf = () => store.db.host.findUniqueOrThrow({ where: { id: hostId } })
const leftDays = (cert: string | X509Certificate) => {
  const { validToDate } = typeof cert === 'string' ? new X509Certificate(cert) : cert
  return (validToDate.getTime() - Date.now()) / DAY_MS
}
const stateOf = async (name: string) =>
  (await must(h1.docker(['inspect', '--format', '{{.State.Status}} {{.State.Pid}} {{.State.StartedAt}}', name]))).stdout
const etc = path.join(dir, 'etc')
const pairThere = () => readFileSync(path.join(etc, 'paas/pair.pem'), 'utf8')
const keysOf = (pem: string): { key: KeyObject } => ({
  key: new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERT'))).publicKey,
})
const enginePid = async () => (await must(h1.inside(['cat', '/run/docker.pid']))).stdout.trim()

/** The scheduler's duty, until what it does is there. */
async function onDuty<T>(there: () => Promise<T | undefined>): Promise<T> {
  await changeHost(store, hostId, { renewals: {} })
  const abort = new AbortController()
  const deps = { store, fleet, authority, log, linkImage: image }
  const watching = watchCertificates(deps, abort.signal)
  try {
    return (await until('a renewal', there, 50_000)) as T
  } finally {
    abort.abort()
    await watching
  }
}

/** An /etc/docker of its own, as set-up leaves it; what starts the engine again there is played by a loop like set-up's. */
async function prepareMachine(): Promise<void> {
  mkdirSync(path.join(etc, 'paas'), { recursive: true })
  writeFileSync(path.join(etc, 'paas/ca.pem'), authority.certificate())
  await writePair(new Date())
  const files = { tlscacert: '/etc/docker/paas/ca.pem', tlscert: PAIR, tlskey: PAIR, 'live-restore': true }
  const config = JSON.parse(readFileSync(path.join(folderOf(rig.name, 'h1'), 'daemon.json'), 'utf8')) as object
  writeFileSync(path.join(etc, 'daemon.json'), JSON.stringify({ ...config, ...files }))
  await must(h1.inside(['mount', '--bind', etc, '/etc/docker']))
  const guard = `exec > ${dir}/dockerd.log 2>&1 < /dev/null; while :; do dockerd; sleep 0.2; done`
  await endEngine()
  await must(h1.inside(['setsid', '--fork', 'sh', '-c', guard]))
  await isUp()
}

async function endEngine(): Promise<void> {
  const pid = await enginePid()
  await must(h1.inside(['kill', pid]))
  await until('the end of dockerd', async () => (await h1.inside(['kill', '-0', pid])).code !== 0)
}

async function isUp(): Promise<void> {
  await until('dockerd', async () => (await h1.docker(['version'])).code === 0)
}

/** Read again by the engine that runs. */
async function configure(change: object): Promise<void> {
  const file = path.join(etc, 'daemon.json')
  const config = JSON.parse(readFileSync(file, 'utf8')) as object
  writeFileSync(file, JSON.stringify({ ...config, ...change }))
  await must(h1.inside(['kill', '-HUP', await enginePid()]))
  const live = async () => (await h1.docker(['info', '--format', '{{.LiveRestoreEnabled}}'])).stdout.trim()
  await until('the new settings', async () => (await live()) === 'false')
}

async function writePair(issued: Date): Promise<void> {
  const names = [{ type: 'ip' as const, value: h1.address }]
  const { certificate, key } = await issueLeaf(settings, { subject: h1.address, names, usage: 'server', days: 365 }, issued)
  writeFileSync(path.join(etc, 'paas/pair.pem'), key + certificate, { mode: 0o600 })
}

async function serveNearItsEnd(): Promise<void> {
  await writePair(LONG_AGO)
  await endEngine()
  await isUp()
  const { tls } = fleet.get(hostId)!
  const served = await until('the engine', () => readServerCertificate({ dockerHost: h1.url, tls: tls! }).catch(() => undefined))
  expect(leftDays(served)).toBeLessThan(70)
  await until('the host is up', async () => (await rowOf()).condition === 'up')
}

async function nearItsEnd(): Promise<HostCredentials> {
  const leaf = { subject: 'paas', names: [], usage: 'client' as const, days: 365 }
  const { certificate, key } = await issueLeaf(settings, leaf, LONG_AGO)
  return { ca: authority.certificate(), cert: certificate, key }
}
