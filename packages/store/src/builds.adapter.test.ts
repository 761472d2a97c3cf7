import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLog } from '@paas/service/log'
import { startTestPostgres, type TestPostgres } from '@paas/testing/postgres'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { claimBuild, findBuildApp, findBuildsToDo, renewLease, withNeededImages } from './builder-claims.ts'
import { cancelBuild, createBuild, failBuild, finishBuild, getBuild, listBuilds } from './builds.ts'
import { applyMigrations } from './migrate.ts'
import { seal } from './seal.ts'
import { openStore, type Store } from './store.ts'

const LEASE_MS = 60_000
let postgres: TestPostgres
let folder: string
let store: Store

beforeAll(async () => {
  postgres = await startTestPostgres()
  folder = mkdtempSync(path.join(tmpdir(), 'paas-store-'))
  writeFileSync(path.join(folder, 'key'), Buffer.alloc(32, 7))
  await applyMigrations(
    postgres.databaseUrl,
    path.join(import.meta.dirname, '../../../prisma/migrations'),
    createLog('test', 'silent'),
  )
  store = openStore({ databaseUrl: postgres.databaseUrl, keyPath: path.join(folder, 'key') })
})
afterAll(async () => {
  await store?.close()
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

let count = 0
async function makeApp(): Promise<string> {
  const name = `shop${++count}`
  const app = await store.db.app.create({ data: { name, owner: { create: { email: `${name}@example.com` } } } })
  return app.id
}
async function queue(appId: string): Promise<string> {
  const id = crypto.randomUUID()
  await createBuild(store, { id, appId, userId: null, commit: 'c'.repeat(40), sourcePath: `/tmp/${id}.tar`, sourceBytes: 10 })
  return id
}
const slug = {
  image: 't/app:1',
  processTypes: { web: 'node .' },
  healthPath: '/up',
  language: 'Node.js',
  bytes: 12,
  buildpacks: ['nodejs'],
}

describe('builds', () => {
  it('gives the oldest of an app to one builder, and the next only after it ended', async () => {
    const appId = await makeApp()
    const first = await queue(appId)
    const second = await queue(appId)
    const claims = await Promise.all([1, 2, 3, 4].map(() => claimBuild(store, appId, LEASE_MS)))
    const [claim] = claims.filter((found) => found !== undefined)
    expect(claims.filter((found) => found !== undefined)).toHaveLength(1)
    expect(claim).toMatchObject({ attempt: 1, build: { id: first, status: 'running', sourceBytes: 10 } })
    expect(await findBuildsToDo(store)).not.toContainEqual(expect.objectContaining({ appId }))
    expect(await finishBuild(store, { id: first, appId, attempt: 1 }, slug)).toBe(true)
    expect(await findBuildsToDo(store)).toContainEqual({ id: second, appId })
    expect(await claimBuild(store, appId, LEASE_MS)).toMatchObject({ build: { id: second } })
    const row = await store.db.slug.findUnique({ where: { buildId: first, appId } })
    expect(row).toMatchObject({ image: 't/app:1', healthPath: '/up', processTypes: { web: 'node .' }, commit: 'c'.repeat(40) })
  })

  it('hands an expired build over, and fences its first builder out', async () => {
    const appId = await makeApp()
    const id = await queue(appId)
    await claimBuild(store, appId, -1)
    expect(await findBuildsToDo(store)).toContainEqual({ id, appId })
    expect(await claimBuild(store, appId, LEASE_MS)).toMatchObject({ attempt: 2, build: { id } })
    const paused = { id, appId, attempt: 1 }
    expect(await renewLease(store, paused, LEASE_MS)).toBeUndefined()
    expect(await finishBuild(store, paused, slug)).toBe(false)
    expect(await failBuild(store, paused, { code: 'build_failed', message: 'no' })).toBe(false)
    expect(await getBuild(store, { appId, buildId: id })).toMatchObject({ status: 'running', attempt: 2 })
    expect(await renewLease(store, { ...paused, attempt: 2 }, LEASE_MS)).toEqual({ cancelWanted: false })
    expect(await failBuild(store, { ...paused, attempt: 2 }, { code: 'build_failed', message: 'no' })).toBe(true)
    expect(await getBuild(store, { appId, buildId: id })).toMatchObject({
      status: 'failed',
      failureMessage: 'no',
      leaseUntil: null,
    })
  })

  it('cancels a queued build at once, asks the builder of a running one, and refuses after its end', async () => {
    const appId = await makeApp()
    const [first, second] = [await queue(appId), await queue(appId)]
    await claimBuild(store, appId, LEASE_MS)
    expect(await cancelBuild(store, { appId, buildId: second })).toMatchObject({ status: 'canceled' })
    expect(await cancelBuild(store, { appId, buildId: first })).toMatchObject({ status: 'running', cancelWanted: true })
    expect(await renewLease(store, { id: first, appId, attempt: 1 }, LEASE_MS)).toEqual({ cancelWanted: true })
    await expect(cancelBuild(store, { appId, buildId: second })).rejects.toMatchObject({ code: 'conflict' })
    await expect(cancelBuild(store, { appId: await makeApp(), buildId: first })).rejects.toMatchObject({ code: 'not_found' })
    expect((await listBuilds(store, appId)).map(({ id }) => id)).toEqual([second, first])
  })

  it('lets owners take turns, by what they have running and waiting', async () => {
    await store.db.build.updateMany({ where: { status: { in: ['queued', 'running'] } }, data: { status: 'canceled' } })
    const owner = await store.db.user.create({ data: { email: 'flood@example.com' } })
    const flood: string[] = []
    for (let n = 0; n < 3; n++) {
      const app = await store.db.app.create({ data: { name: `flood${n}`, ownerId: owner.id } })
      flood.push(app.id)
      await queue(app.id)
    }
    const other = await makeApp()
    await queue(other)
    const order = async () => (await findBuildsToDo(store)).map(({ appId }) => appId)
    expect(await order()).toEqual([flood[0], other, flood[1], flood[2]])
    await claimBuild(store, flood[0]!, LEASE_MS)
    expect(await order()).toEqual([other, flood[1], flood[2]])
  })

  it('wakes whoever follows the build', async () => {
    const seen: (string | undefined)[] = []
    const off = store.wakes.on('build', (id) => seen.push(id))
    const appId = await makeApp()
    const ids: string[] = []
    await vi.waitFor(async () => {
      ids.push(await queue(appId))
      expect(seen.some((id) => id !== undefined && ids.includes(id))).toBe(true)
    })
    off()
  })

  it('reads config vars of the newest release that did not fail', async () => {
    const appId = await makeApp()
    for (const [version, status, value] of [
      [1, 'succeeded', 'old'],
      [2, 'succeeded', 'new'],
      [3, 'failed', 'never'],
    ] as const) {
      const sealed = new Uint8Array(seal(store.key, appId, JSON.stringify({ KEY: value })))
      const config = await store.db.configSet.create({ data: { appId, sealed } })
      await store.db.release.create({ data: { appId, version, status, description: '', configId: config.id } })
    }
    expect(await findBuildApp(store, appId)).toMatchObject({ env: { KEY: 'new' }, buildpacks: [] })
    expect(await findBuildApp(store, await makeApp())).toMatchObject({ env: {} })
  })

  it('needs the images of the last releases, of pending ones and of slugs without a release', async () => {
    const appId = await makeApp()
    const config = await store.db.configSet.create({ data: { appId, sealed: new Uint8Array([1]) } })
    for (let version = 1; version <= 5; version++) {
      const row = await store.db.slug.create({ data: { appId, image: `i${version}`, commit: 'c', processTypes: {} } })
      const status = version === 2 ? 'pending' : 'succeeded'
      await store.db.release.create({ data: { appId, version, status, description: '', configId: config.id, slugId: row.id } })
    }
    await store.db.slug.create({ data: { appId, image: 'unreleased', commit: 'c', processTypes: {} } })
    await withNeededImages(store, appId, 2, async (needed) => {
      expect([...needed].sort()).toEqual(['i2', 'i4', 'i5', 'unreleased'])
    })
  })
})
