// A registry of its own for a test: supervised as on a platform, on an address
// of this machine that the machine's engine asks a certificate of.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { openEngine } from '@paas/engine/client'
import { addLayer, baseImage, listImages, removeImage } from '@paas/engine/images'
import { pullFromRegistry, pushToRegistry } from '@paas/engine/images-registry'
import { ensureRegistryTrust } from '@paas/engine/registry-trust'
import { makeTar } from '@paas/engine/tar'
import { repositoryOf } from '@paas/registry/address'
import { listRepositories } from '@paas/registry/images'
import { type Mover, Registry } from '@paas/registry/registry'
import { createLog } from '@paas/service/log'
import { expect, vi } from 'vitest'
import { ensureAuthority } from './authority.ts'
import { superviseRegistry } from './registry.ts'
import { ensureRegistryFiles } from './registry-files.ts'

export const until = (condition: () => unknown) => vi.waitFor(condition, { timeout: 20_000, interval: 50 })

export async function startTestRegistry(name: string) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `${name}-`))
  const prefix = `t-${name}-${process.pid}`
  const dockerHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock'
  const engine = openEngine({ dockerHost, namePrefix: prefix, cgroupParent: '', appSubnet: '10.0.0.0/8' })
  // The gateway of a network is an address of this machine, and none of loopback, where engines ask for no certificate.
  await engine.docker.createNetwork({ Name: prefix })
  const { IPAM } = (await engine.docker.getNetwork(prefix).inspect()) as { IPAM: { Config: { Subnet: string }[] } }
  const settings = {
    dataDir: path.join(folder, 'data'),
    runDir: path.join(folder, 'run'),
    domain: 'localhost',
    linkSubnet: IPAM.Config[0]!.Subnet,
    registryPort: 20_000 + (process.pid % 10_000),
  }
  for (const directory of [settings.dataDir, settings.runDir]) mkdirSync(directory)
  await chmod(folder, 0o711) // the registry's account passes through
  await ensureAuthority(settings)
  const runtime = `${prefix}/runtime-node:1`
  const tar = await makeTar([{ kind: 'file', name: 'runtime', content: 'x'.repeat(200_000) + prefix }])
  await baseImage(engine, { tar, config: { Labels: { 'paas.prefix': prefix } }, tags: [runtime] })

  const registry = new Registry(settings)
  const abort = new AbortController()
  const supervising = superviseRegistry(settings, path.join(folder, 'registry.log'), createLog('test', 'fatal'), abort.signal)
  await ensureRegistryFiles(settings)
  await until(async () => expect(await listRepositories(settings)).toEqual([]))
  const ca = readFileSync(paths.caCertificate(settings), 'utf8')
  await ensureRegistryTrust(engine, { authority: registry.authority, ca, image: runtime })

  return {
    ...{ prefix, engine, settings, registry, runtime, signal: abort.signal },
    push: ((move) => pushToRegistry(engine, move)) satisfies Mover,
    pull: ((move) => pullFromRegistry(engine, move)) satisfies Mover,
    /** `prefix/app-<id>:<build>` over the runtime, with one small file of its own. */
    async build(appId: string, tag: string): Promise<string> {
      const image = `${prefix}/${repositoryOf(appId)}:${tag}`
      const layer = await makeTar([{ kind: 'file', name: 'app/server.js', content: `// ${tag} ${prefix}` }])
      const Labels = { 'paas.app': appId, 'paas.build': tag }
      await addLayer(engine, { parent: runtime, tar: layer, config: { Labels }, tags: [image] })
      return image
    },
    async stop(): Promise<void> {
      abort.abort()
      await supervising
      const left = (await listImages(engine, { 'paas.prefix': prefix })).flatMap(({ tags }) => tags)
      for (const tag of left) await removeImage(engine, tag)
      await engine.docker.getNetwork(prefix).remove()
      rmSync(`/etc/docker/certs.d/${registry.authority}`, { recursive: true, force: true })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
