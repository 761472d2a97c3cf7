// The real registry, supervised as on a platform, and the machine's engine.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { openEngine } from '@paas/engine/client'
import { addLayer, baseImage, findImage, listImages, removeImage } from '@paas/engine/images'
import { findBaseOf } from '@paas/engine/images-base'
import { pullFromRegistry, pushToRegistry, type RegistryTransfer } from '@paas/engine/images-registry'
import { ensureRegistryTrust } from '@paas/engine/registry-trust'
import { makeTar } from '@paas/engine/tar'
import { repositoryOf } from '@paas/registry/address'
import { findRegistryImage, listRepositories, listTags, removeRegistryImage } from '@paas/registry/images'
import { type Mover, Registry } from '@paas/registry/registry'
import { signToken } from '@paas/registry/tokens'
import { createLog } from '@paas/service/log'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ensureAuthority } from './authority.ts'
import { findRunning } from './component.ts'
import { REGISTRY, superviseRegistry } from './registry.ts'
import { ensureRegistryFiles, removeRegistryFiles, storagePath } from './registry-files.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'registry-'))
const prefix = `t-registry-${process.pid}`
const dockerHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'
const engine = openEngine({ dockerHost, namePrefix: prefix, cgroupParent: '', appSubnet: '10.0.0.0/8' })
const settings = {
  dataDir: path.join(folder, 'data'),
  runDir: path.join(folder, 'run'),
  domain: 'localhost',
  linkSubnet: '',
  registryPort: 20_000 + (process.pid % 20_000),
}
const abort = new AbortController()
const appId = '7edf5975-bc5d-4402-821a-83eee6499726'
const push: Mover = (move) => pushToRegistry(engine, move)
const pull: Mover = (move) => pullFromRegistry(engine, move)
const until = (condition: () => unknown) => vi.waitFor(condition, { timeout: 20_000, interval: 50 })
const isUp = () => findRunning(settings.runDir, REGISTRY) !== undefined
let registry: Registry
let supervising: Promise<void> = Promise.resolve()

/** `prefix/app-<id>:<build>` over the runtime, with one small file of its own. */
async function build(number: number): Promise<string> {
  const image = `${prefix}/${repositoryOf(appId)}:build${number}`
  const tar = await makeTar([{ kind: 'file', name: 'app/server.js', content: `// ${number} ${prefix}` }])
  await addLayer(engine, { parent: `${prefix}/runtime-node:1`, tar, config: { Labels: { test: prefix } }, tags: [image] })
  return image
}

function blobs(): number {
  const root = path.join(storagePath(settings), 'docker/registry/v2/blobs/sha256')
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('/data')).length
}

beforeAll(async () => {
  for (const directory of [folder, settings.dataDir, settings.runDir]) mkdirSync(directory, { recursive: true })
  await chmod(folder, 0o711) // the registry's account passes through
  settings.linkSubnet = await makeNetwork()
  registry = new Registry(settings)
  await ensureAuthority(settings)
  const tar = await makeTar([{ kind: 'file', name: 'runtime', content: 'x'.repeat(200_000) + prefix }])
  await baseImage(engine, { tar, config: { Labels: { test: prefix } }, tags: [`${prefix}/runtime-node:1`] })
  supervising = superviseRegistry(settings, path.join(folder, 'registry.log'), createLog('test', 'fatal'), abort.signal)
  await ensureRegistryFiles(settings)
  await until(async () => expect(await listRepositories(settings)).toEqual([]))
  const ca = readFileSync(paths.caCertificate(settings), 'utf8')
  await ensureRegistryTrust(engine, { authority: registry.authority, ca, image: `${prefix}/runtime-node:1` })
})

afterAll(async () => {
  abort.abort()
  await supervising
  for (const tag of (await listImages(engine, { test: prefix })).flatMap(({ tags }) => tags)) await removeImage(engine, tag)
  await engine.docker.getNetwork(prefix).remove()
  rmSync(`/etc/docker/certs.d/${registry.authority}`, { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
})

/** Its gateway is an address of this machine, and none of loopback, where engines ask for no certificate. */
async function makeNetwork(): Promise<string> {
  await engine.docker.createNetwork({ Name: prefix })
  const { IPAM } = (await engine.docker.getNetwork(prefix).inspect()) as { IPAM: { Config: { Subnet: string }[] } }
  return IPAM.Config[0]!.Subnet
}

describe('an image', () => {
  it('is published once and fetched under its own name, the same to the last byte', async () => {
    const image = await build(1)
    const base = await findBaseOf(engine, image)
    expect(base).toBe(`${prefix}/runtime-node:1`)
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
    expect(await registry.collect(abort.signal)).toBe(true)
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
    const first = findRunning(settings.runDir, REGISTRY)?.pid
    rmSync(path.join(paths.registry(settings), 'tls.pem'))
    await ensureRegistryFiles(settings)
    await until(() => expect(findRunning(settings.runDir, REGISTRY)?.pid ?? first).not.toBe(first))
    removeRegistryFiles(settings)
    expect(registry.isWanted()).toBe(false)
    await until(() => expect(isUp() || existsSync(storagePath(settings))).toBe(false))
    await ensureRegistryFiles(settings)
    await until(async () => expect(await listRepositories(settings)).toEqual([]))
  })
})
