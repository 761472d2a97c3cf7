import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLog } from '@paas/service/log'
import { startTestPostgres, type TestPostgres } from '@paas/testing/postgres'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ensureLocalHost } from './hosts.ts'
import { claimLeadership, leaveLeadership, readLeader, renewLeadership } from './leadership.ts'
import { applyMigrations } from './migrate.ts'
import { openStore, openTermStore, type Store } from './store.ts'

let postgres: TestPostgres
let folder: string
let store: Store

beforeAll(async () => {
  postgres = await startTestPostgres()
  folder = mkdtempSync(path.join(tmpdir(), 'paas-lead-'))
  writeFileSync(path.join(folder, 'key'), Buffer.alloc(32, 1))
  await applyMigrations(
    postgres.databaseUrl,
    path.join(import.meta.dirname, '../../../prisma/migrations'),
    createLog('t', 'silent'),
  )
  store = openStore({ databaseUrl: postgres.databaseUrl, keyPath: path.join(folder, 'key') })
}, 60_000)
afterAll(async () => {
  await store?.close()
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

it('lets one lead at a time, and fences who led before', async () => {
  const first = await claimLeadership(store, { holder: 'a', leaseMs: 300 })
  expect(await claimLeadership(store, { holder: 'b', leaseMs: 60_000 })).toBeUndefined()
  expect(await renewLeadership(store, { holder: 'a', term: first!, leaseMs: 300 })).toBe(true)
  const led = openTermStore(postgres, store, first!)
  await ensureLocalHost(led, 'unix:///a.sock') // the leader may write

  const second = await until('its lease is over', () => claimLeadership(store, { holder: 'b', leaseMs: 60_000 }))
  expect(second).toBe(first! + 1)
  expect(await renewLeadership(store, { holder: 'a', term: first!, leaseMs: 300 })).toBe(false)
  await expect(ensureLocalHost(led, 'unix:///late.sock')).rejects.toThrow('fenced')
  const next = openTermStore(postgres, store, second!)
  await ensureLocalHost(next, 'unix:///b.sock')
  await ensureLocalHost(store, 'unix:///b.sock') // who leads nothing is not asked
  await Promise.all([led.close(), next.close()])
})

it('is taken from one who left, or who is known to be dead, at once', async () => {
  const { term } = (await readLeader(store))!
  await leaveLeadership(store, { holder: 'b', term })
  expect(await claimLeadership(store, { holder: 'c', leaseMs: 60_000 })).toBe(term + 1)
  expect(await claimLeadership(store, { holder: 'd', leaseMs: 60_000, over: 'somebody' })).toBeUndefined()
  expect(await claimLeadership(store, { holder: 'd', leaseMs: 60_000, over: 'c' })).toBe(term + 2)
  expect(await readLeader(store)).toMatchObject({ holder: 'd', term: term + 2 })
})
