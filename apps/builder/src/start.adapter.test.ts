// The whole builder against real Postgres, Redis and engine. The app is a
// Dockerfile on the stack, so that no registry is needed.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openEngine } from '@paas/engine/client'
import { findImage, listImages, removeImage, tagImage } from '@paas/engine/images'
import { removeNetwork } from '@paas/engine/networks'
import { makeTar } from '@paas/engine/tar'
import { listVolumes, removeVolume } from '@paas/engine/volumes'
import type { LogWriter } from '@paas/logs/types'
import { openQueues } from '@paas/queue/queue'
import type { Queues } from '@paas/queue/types'
import { Registry } from '@paas/registry/registry'
import { createLog } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { ensureStack, type StackImages } from '@paas/stack/stack'
import { claimBuild } from '@paas/store/builder-claims'
import { type BuildStatus, cancelBuild, createBuild, getBuild } from '@paas/store/builds'
import { applyMigrations } from '@paas/store/migrate'
import { openStore, type Store } from '@paas/store/store'
import { startTestPostgres, type TestPostgres } from '@paas/testing/postgres'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { removeUnreferenced } from './cleanup.ts'
import { startBuilder } from './start.ts'

const MINUTE_MS = 60_000
const prefix = 'paas-test-builds'
const cacheDir = process.env['PAAS_TEST_CACHE'] ?? path.join(tmpdir(), 'paas-test-cache')
const log = createLog('test', 'silent')
const engine = openEngine({
  dockerHost: 'unix:///var/run/docker.sock',
  namePrefix: prefix,
  cgroupParent: '',
  appSubnet: '10.214.0.0/16',
})
const lines: string[] = []
const logs: LogWriter = { write: (_, { text }) => void lines.push(text), end() {}, async flush() {}, async close() {} }
let folder: string
let postgres: TestPostgres
let redis: ChildProcess
let store: Store
let queues: Queues
let stack: StackImages
let builder: Service | undefined

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'paas-builds-'))
  writeFileSync(path.join(folder, 'key'), Buffer.alloc(32, 7))
  redis = spawn('redis-server', ['--port', '0', '--unixsocket', path.join(folder, 'r.sock'), '--save', ''], { stdio: 'ignore' })
  postgres = await startTestPostgres()
  await applyMigrations(postgres.databaseUrl, path.resolve(import.meta.dirname, '../../../prisma/migrations'), log)
  store = openStore({ databaseUrl: postgres.databaseUrl, keyPath: path.join(folder, 'key') })
  queues = openQueues({ redisUrl: `unix://${folder}/r.sock`, prefix: 'q', log })
  stack = await ensureStack(engine, { workDir: cacheDir, onProgress: () => {} })
}, 600_000)

afterEach(async () => {
  await builder?.close()
  builder = undefined
})

afterAll(async () => {
  for (const { tags } of await listImages(engine, { 'paas.prefix': prefix }))
    for (const tag of tags) await removeImage(engine, tag)
  for (const { name } of await listVolumes(engine, 'paas.app')) await removeVolume(engine, name)
  await removeNetwork(engine, `${prefix}-builds`)
  await queues?.close()
  redis?.kill()
  await store?.close()
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function start(settings: { buildTimeoutMs?: number; diskReserveBytes?: number } = {}, with_: { queues?: Queues } = {}) {
  const limits = { buildConcurrency: 2, buildTimeoutMs: 60_000, buildMemoryMiB: 512, buildPids: 128, slugMaxBytes: 500_000_000 }
  const mirrors = { npmRegistry: undefined, pipIndexUrl: undefined, caBundle: undefined }
  const all = { ...limits, ...mirrors, diskReserveBytes: 0, dataDir: folder, cacheDir, ...settings }
  const registry = new Registry({ dataDir: folder, linkSubnet: '10.127.0.0/16', registryPort: 5443 })
  builder = await startBuilder({
    store,
    queues,
    engine,
    logs,
    log,
    stack,
    registry,
    settings: all,
    machine: process.env,
    ...with_,
  })
}

let count = 0
async function queueBuild(files: Record<string, string>) {
  const name = `app${++count}`
  const { id: appId } = await store.db.app.create({ data: { name, owner: { create: { email: `${name}@example.com` } } } })
  const id = crypto.randomUUID()
  const sourcePath = path.join(folder, `${id}.tar`)
  const tar = await makeTar(Object.entries(files).map(([name, content]) => ({ kind: 'file', name, content })))
  writeFileSync(sourcePath, tar)
  await createBuild(store, { id, appId, userId: null, commit: 'c'.repeat(40), sourcePath, sourceBytes: tar.length })
  return { appId, buildId: id }
}
const become = (build: { appId: string; buildId: string }, status: BuildStatus, timeout = 50_000) =>
  expect.poll(async () => (await getBuild(store, build)).status, { timeout, interval: 25 }).toBe(status)

const page = { Dockerfile: 'FROM paas/stack\nCOPY page.txt /app/\nCMD ["sleep", "1"]', 'page.txt': 'hello' }
const slow = {
  'static.json': '{}',
  'index.html': '',
  'app.json': '{"buildpacks":[{"url":"dockerfile"}]}',
  Dockerfile: 'FROM paas/stack\nRUN sleep 60',
}

it('builds from the row alone: the job was lost, or Redis is away', { timeout: 60_000 }, async () => {
  const lost = await queueBuild(page)
  await start()
  await become(lost, 'succeeded')
  const slug = await store.db.slug.findUniqueOrThrow({ where: { buildId: lost.buildId, appId: lost.appId } })
  expect(slug).toMatchObject({
    processTypes: { web: null },
    language: 'Dockerfile',
    image: `${prefix}/app-${lost.appId}:${lost.buildId}`,
  })
  await builder?.close()
  const away = { ...queues, add: () => Promise.reject(new Error('away')) }
  await start({}, { queues: away })
  await become(await queueBuild(page), 'succeeded')
})

it('takes over a build whose builder was killed', { timeout: 60_000 }, async () => {
  const build = await queueBuild(page)
  await claimBuild(store, build.appId, 1_000) // a builder that dies at once
  await start()
  await become(build, 'succeeded')
  expect(await getBuild(store, build)).toMatchObject({ attempt: 2 })
})

it('stops a build within a second when it is canceled', { timeout: 60_000 }, async () => {
  const build = await queueBuild(slow)
  await start()
  await expect.poll(() => lines.some((line) => line.includes('RUN sleep 60')), { timeout: 50_000 }).toBe(true)
  const asked = performance.now()
  await cancelBuild(store, build)
  await become(build, 'canceled')
  expect(performance.now() - asked).toBeLessThan(1_500)
})

it('stops a build that takes too long, and says so', { timeout: 60_000 }, async () => {
  const build = await queueBuild(slow)
  await start({ buildTimeoutMs: 2_000 })
  await become(build, 'failed')
  expect(await getBuild(store, build)).toMatchObject({ failureCode: 'build_timeout' })
})

it('tells what is supported when nothing recognises the app, and removes the source', { timeout: 60_000 }, async () => {
  const build = await queueBuild({ 'main.c': '' })
  await start()
  await become(build, 'failed')
  expect((await getBuild(store, build)).failureMessage).toContain('package.json (Node.js)')
  await expect.poll(async () => (await getBuild(store, build)).sourcePath, { timeout: 5_000 }).toBeNull()
})

it('removes images that nothing may start any more, and no other', { timeout: 60_000 }, async () => {
  const [kept, gone] = [await queueBuild(page), await queueBuild(page)]
  await start()
  await become(kept, 'succeeded')
  await become(gone, 'succeeded')
  const tagOf = ({ appId, buildId }: { appId: string; buildId: string }) => `${prefix}/app-${appId}:${buildId}`
  const orphan = `${prefix}/app-${kept.appId}:${crypto.randomUUID()}`
  await tagImage(engine, tagOf(kept), orphan)
  await store.db.app.delete({ where: { id: gone.appId } })
  const cleanup = { store, engine, log, dockerfiles: path.join(folder, 'dockerfiles') }
  await removeUnreferenced(cleanup, Date.now())
  expect(await findImage(engine, orphan)).toBeDefined() // young: its row may be about to be written
  await removeUnreferenced(cleanup, Date.now() + 11 * MINUTE_MS)
  expect((await findImage(engine, tagOf(kept)))?.tags).toEqual([tagOf(kept)])
  expect(await findImage(engine, tagOf(gone))).toBeDefined() // no row knows its app: somebody may be restoring a backup
  await removeUnreferenced(cleanup, Date.now() + 61 * MINUTE_MS)
  expect(await findImage(engine, tagOf(gone))).toBeUndefined()
  expect((await findImage(engine, tagOf(kept)))?.tags).toEqual([tagOf(kept)])
  expect(await findImage(engine, stack.run)).toBeDefined()
})

it('refuses to build on a nearly full disk, with the figures', { timeout: 60_000 }, async () => {
  const build = await queueBuild(page)
  await start({ diskReserveBytes: 1e15 })
  await become(build, 'failed')
  expect(await getBuild(store, build)).toMatchObject({
    failureCode: 'disk_full',
    failureMessage: expect.stringMatching(/[\d.]+ GB are free, 1000000\.0 GB are kept/),
  })
})
