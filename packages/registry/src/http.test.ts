import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { afterAll, expect, it } from 'vitest'
import { askRegistry } from './http.ts'

const dataDir = mkdtempSync(path.join(os.tmpdir(), 'registry-http-'))
afterAll(() => rmSync(dataDir, { recursive: true }))

it('waits for a registry that is not there yet', async () => {
  const settings = { dataDir, linkSubnet: '127.0.0.0/24', registryPort: 21_873 }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (const file of [paths.registryTokenKey(settings), paths.caCertificate(settings)])
    mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(paths.registryTokenKey(settings), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(paths.registryTokenCertificate(settings), '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n')
  writeFileSync(paths.caCertificate(settings), '')
  const server = createServer((socket) => socket.end('I speak no TLS'))
  let isThere = false
  const asking = askRegistry(settings, { method: 'GET', path: '/v2/', access: [], expected: [200] }).catch((error) => ({
    error,
    isThere,
  }))
  // Long enough for a first try to have been refused: a second one finds who listens by then, and does not like what it says.
  setTimeout(() => server.listen(settings.registryPort, '127.0.0.1', () => (isThere = true)), 300)
  expect(await asking).toMatchObject({ error: { code: 'registry_unreachable' }, isThere: true })
  server.close()
})
