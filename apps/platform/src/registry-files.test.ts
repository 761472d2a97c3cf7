import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { expect, it } from 'vitest'
import { ensureAuthority } from './authority.ts'
import { ensureRegistryFiles } from './registry-files.ts'

const DAY_MS = 86_400_000

it('makes new certificates before the end of those it has, and names them in the configuration, which starts the registry anew', async ({
  onTestFinished,
}) => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'registry-files-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true }))
  const settings = { dataDir, domain: 'paas.test', linkSubnet: '10.127.0.0/16', registryPort: 5443 }
  await ensureAuthority(settings)
  const after = async (days: number) => {
    await ensureRegistryFiles(settings, new Date(Date.now() + days * DAY_MS))
    const files = [
      paths.registryConfig(settings),
      `${paths.registry(settings)}/tls.pem`,
      paths.registryTokenCertificate(settings),
    ]
    return files.map((file) => readFileSync(file, 'utf8'))
  }
  const [config, tls, token] = await after(0)
  expect(await after(200)).toEqual([config, tls, token])
  const [nextConfig, nextTls, sameToken] = await after(300)
  expect([nextConfig !== config, nextTls !== tls, sameToken]).toEqual([true, true, token])
  const [, , nextToken] = await after(2500)
  expect(nextToken).not.toBe(token)
})
