// The builder's clean-up of a real registry, by the rows of a real Postgres.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { RegistryCleanup } from '@paas/builder/cleanup-registry'
import { removeImage } from '@paas/engine/images'
import { repositoryOf } from '@paas/registry/address'
import { listRepositories, listTags } from '@paas/registry/images'
import { createLog } from '@paas/service/log'
import { applyMigrations } from '@paas/store/migrate'
import { openStore } from '@paas/store/store'
import { startTestPostgres } from '@paas/testing/postgres'
import { afterAll, expect, it } from 'vitest'
import { startTestRegistry, until } from './registry.fixture.ts'

const log = createLog('test', 'silent')
const { engine, settings, registry, push, build, signal, stop } = await startTestRegistry('regclean')
const folder = mkdtempSync(path.join(os.tmpdir(), 'regclean-'))
const keyPath = path.join(folder, 'key')
writeFileSync(keyPath, Buffer.alloc(32, 7))
const postgres = await startTestPostgres()
await applyMigrations(postgres.databaseUrl, path.resolve(import.meta.dirname, '../../../prisma/migrations'), log)
const store = openStore({ databaseUrl: postgres.databaseUrl, keyPath })

afterAll(async () => {
  await stop()
  await store.close()
  await postgres.stop()
  rmSync(folder, { recursive: true })
})

it('keeps what this engine has or a release needs, and removes the rest with its app', async () => {
  const { id: appId } = await store.db.app.create({ data: { name: 'shop', owner: { create: { email: 'shop@example.com' } } } })
  const gone = randomUUID()
  const [here, needed, spare] = await Promise.all(['here', 'needed', 'spare'].map((tag) => build(appId, tag)))
  const unknown = await build(gone, 'unknown')
  await store.db.slug.create({ data: { appId, image: needed!, commit: 'c'.repeat(40), processTypes: {} } })
  for (const image of [here, needed, spare]) await registry.publish(push, { appId, image: image! })
  await registry.publish(push, { appId: gone, image: unknown })
  for (const image of [needed, spare, unknown]) await removeImage(engine, image!)

  const cleanup = new RegistryCleanup({ store, engine, log, registry })
  await cleanup.run(signal)
  await until(async () => expect(await listRepositories(settings)).toEqual([repositoryOf(appId)]))
  expect((await listTags(settings, repositoryOf(appId))).toSorted()).toEqual(['here', 'needed'])
})
