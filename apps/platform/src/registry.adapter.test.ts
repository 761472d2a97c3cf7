// The real registry, supervised as on a platform, and the machine's engine.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { findImage, removeImage } from '@paas/engine/images'
import { findBaseOf } from '@paas/engine/images-base'
import { pushToRegistry, type RegistryTransfer } from '@paas/engine/images-registry'
import { repositoryOf } from '@paas/registry/address'
import { findRegistryImage, listRepositories, listTags, removeRegistryImage } from '@paas/registry/images'
import { signToken } from '@paas/registry/tokens'
import { afterAll, describe, expect, it } from 'vitest'
import { findRunning } from './component.ts'
import { startTestRegistry, until } from './registry.fixture.ts'
import { REGISTRY } from './registry.ts'
import { ensureRegistryFiles, removeRegistryFiles, storagePath } from './registry-files.ts'

const appId = '7edf5975-bc5d-4402-821a-83eee6499726'
const { engine, prefix, settings, registry, runtime, push, pull, signal, stop, ...made } = await startTestRegistry('registry')
const build = (number: number) => made.build(appId, `build${number}`)
const runningPid = () => findRunning(settings.runDir, REGISTRY)?.pid

afterAll(stop)

function blobs(): number {
  const root = path.join(storagePath(settings), 'docker/registry/v2/blobs/sha256')
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('/data')).length
}

describe('an image', () => {
  it('is published once and fetched under its own name, the same to the last byte', async () => {
    const image = await build(1)
    const base = await findBaseOf(engine, image)
    expect(base).toBe(runtime)
    const [first, second] = await Promise.all([1, 2].map(() => registry.publish(push, { appId, image, base: base! })))
    expect(second).toBe(first)
    expect(first).toMatchObject({ layers: 1 }) // the runtime went to the base repository and was mounted
    expect(await registry.publish(push, { appId, image })).toEqual({ layers: 0, bytes: 0 })

    const { id } = (await findImage(engine, image))!
    await removeImage(engine, image)
    expect(await registry.fetch(pull, { appId, image })).toMatchObject({ layers: 1 })
    expect(await findImage(engine, image)).toMatchObject({ id, tags: [image] })
    expect(await registry.fetch(pull, { appId, image })).toEqual({ layers: 0, bytes: 0 })
  })

  it('of a changed line moves its one layer', async () => {
    const image = await build(2)
    const sent = await registry.publish(push, { appId, image })
    expect(sent.layers).toBe(1)
    expect(sent.bytes).toBeLessThan(10_000)
  })

  it('that was never published is refused at once', async () => {
    const image = `${prefix}/${repositoryOf(appId)}:none`
    await expect(registry.fetch(pull, { appId, image })).rejects.toMatchObject({ code: 'engine_refused' })
  })
})

describe('a token', () => {
  const other = 'app-00000000-0000-4000-8000-000000000000'
  const transfer = (repository: string, token: RegistryTransfer['token']): RegistryTransfer => ({
    image: `${prefix}/${repositoryOf(appId)}:build1`,
    repository: `${registry.authority}/${repository}`,
    token,
    signal: AbortSignal.timeout(900), // a refusal is tried again
  })
  it.each([
    { title: 'to pull does not push', name: repositoryOf(appId), actions: ['pull'] as const, now: () => Date.now() },
    { title: 'of one app opens no other', name: other, actions: ['pull', 'push'] as const, now: () => Date.now() },
    { title: 'ends', name: repositoryOf(appId), actions: ['pull', 'push'] as const, now: () => Date.now() - 400_000 },
  ])('$title', async ({ name, actions, now }) => {
    const token = () => signToken(settings, [{ type: 'repository', name, actions: [...actions] }], now())
    const image = await build(3)
    const before = await listTags(settings, repositoryOf(appId))
    await expect(pushToRegistry(engine, { ...transfer(repositoryOf(appId), token), image })).rejects.toThrow()
    expect(await listTags(settings, repositoryOf(appId))).toEqual(before)
  })
})

describe('the registry', () => {
  it('forgets the layers of images that were removed, and keeps the others', async () => {
    const before = blobs()
    await removeRegistryImage(settings, repositoryOf(appId), 'build2')
    expect(blobs()).toBe(before)
    expect(await registry.collect(signal)).toBe(true)
    await until(async () => expect(await listTags(settings, repositoryOf(appId))).toEqual(['build1']))
    expect(blobs()).toBe(before - 3) // manifest, config, layer
    const image = `${prefix}/${repositoryOf(appId)}:build1`
    await removeImage(engine, image)
    await registry.fetch(pull, { appId, image })
    await registry.publish(push, { appId, image: await build(2) }) // what is gone is sent again
    expect(await findRegistryImage(settings, repositoryOf(appId), 'build2')).toBeDefined()
  })

  it('shows its files to its own account alone', () => {
    for (const file of ['config.yml', 'tls.key']) {
      expect(statSync(path.join(paths.registry(settings), file)).mode & 0o777).toBe(0o600)
    }
    expect(readFileSync(paths.registryConfig(settings), 'utf8')).not.toContain('PRIVATE')
  })

  it('starts again with a new certificate, stops with the last other host, and is back with the next', async () => {
    const first = runningPid()
    rmSync(path.join(paths.registry(settings), 'tls.pem'))
    await ensureRegistryFiles(settings)
    await until(() => expect(runningPid() ?? first).not.toBe(first))
    removeRegistryFiles(settings)
    expect(registry.isWanted()).toBe(false)
    await until(() => expect(runningPid() ?? existsSync(storagePath(settings))).toBe(false))
    await ensureRegistryFiles(settings)
    await until(async () => expect(await listRepositories(settings)).toEqual([]))
  })
})
