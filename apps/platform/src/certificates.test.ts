import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { connect, createServer } from 'node:tls'
import { paths } from '@paas/contract/settings'
import { createLog } from '@paas/service/log'
import { until } from '@paas/testing/wait'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ensureCertificates, keepCertificates } from './certificates.ts'

let settings = { dataDir: '', domain: 'paas.example.com' }
beforeEach(() => {
  settings = { dataDir: mkdtempSync(path.join(os.tmpdir(), 'certificates-')), domain: 'paas.example.com' }
})
afterEach(() => rmSync(settings.dataDir, { recursive: true }))

const leaf = () => readFileSync(paths.certificate(settings), 'utf8')

it('gives a certificate that TLS clients accept for the domain, its apps and localhost', async () => {
  await ensureCertificates(settings)
  const server = createServer({ cert: leaf(), key: readFileSync(paths.certificateKey(settings)) }, (socket) =>
    socket.end('hello'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  for (const servername of ['paas.example.com', 'shop.paas.example.com', 'localhost']) {
    const said = await new Promise((resolve, reject) => {
      connect({ port, host: '127.0.0.1', servername, ca: readFileSync(paths.caCertificate(settings)) })
        .on('data', (chunk) => resolve(String(chunk)))
        .on('error', reject)
    })
    expect(said).toBe('hello')
  }
  server.close()
})

it('keeps what is good, and renews a leaf that nears its end or lacks the domain', async () => {
  await ensureCertificates(settings)
  const first = leaf()
  await ensureCertificates(settings)
  expect(leaf()).toBe(first)
  await ensureCertificates(settings, new Date(Date.now() + 300 * 86_400_000))
  expect(leaf()).not.toBe(first)
  const second = leaf()
  settings.domain = 'other.example.com'
  await ensureCertificates(settings)
  expect(new X509Certificate(leaf()).subjectAltName).toContain('*.other.example.com')
  expect(leaf()).not.toBe(second)
})

it('renews it while the platform runs, without anybody starting anything', async () => {
  await ensureCertificates(settings, new Date(Date.now() - 300 * 86_400_000))
  const first = leaf()
  const keeping = keepCertificates(settings, createLog('test', 'silent'))
  await until('a new certificate', () => leaf() !== first)
  await keeping.close()
  expect(new X509Certificate(leaf()).checkPrivateKey(createPrivateKey(readFileSync(paths.certificateKey(settings))))).toBe(true)
})
