import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ensureAuthority } from './authority.ts'
import { hostAuthority } from './host-certificates.ts'

// biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures this one needs
const it = test.extend('settings', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'paas-authority-'))
  onCleanup(() => rmSync(dataDir, { recursive: true }))
  const settings = { dataDir, domain: 'paas.test' }
  await ensureAuthority(settings)
  return settings
})

function makeRequest(dir: string): string {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', path.join(dir, 'host.key')]
  execFileSync('openssl', ['req', ...key, '-out', path.join(dir, 'host.csr'), '-subj', '/CN=evil.example.com'], { stdio: 'pipe' })
  return readFileSync(path.join(dir, 'host.csr'), 'utf8')
}

const serves = (cert: string) => new X509Certificate(cert).keyUsage as string[] | undefined

it('gives an engine a certificate for its address and key, and for nothing else that it asks for', async ({ settings }) => {
  const { ca, cert } = await hostAuthority(settings).signServer({ csr: makeRequest(settings.dataDir), address: '192.0.2.7' })
  const leaf = new X509Certificate(cert)
  expect(leaf.verify(new X509Certificate(ca).publicKey)).toBe(true)
  expect(leaf.subjectAltName).toBe('IP Address:192.0.2.7')
  expect(leaf.subject).toBe('CN=192.0.2.7')
  expect(leaf.ca).toBe(false)
  expect(serves(cert)).toEqual(['1.3.6.1.5.5.7.3.1'])
})

it('gives a name to an engine that is reached by one', async ({ settings }) => {
  const { cert } = await hostAuthority(settings).signServer({ csr: makeRequest(settings.dataDir), address: 'h2.example.com' })
  expect(new X509Certificate(cert).subjectAltName).toBe('DNS:h2.example.com')
})

it('shows engines a client’s certificate, which no engine could serve with', async ({ settings }) => {
  const { ca, cert, key } = await hostAuthority(settings).issueClient()
  expect(new X509Certificate(cert).verify(new X509Certificate(ca).publicKey)).toBe(true)
  expect(serves(cert)).toEqual(['1.3.6.1.5.5.7.3.2'])
  expect(key).toContain('PRIVATE KEY')
})

it.for(['', 'nonsense', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----'])(
  'refuses %j as a signing request',
  async (csr, { settings }) => {
    await expect(hostAuthority(settings).signServer({ csr, address: '192.0.2.7' })).rejects.toMatchObject({
      code: 'invalid_params',
    })
  },
)

it('refuses a request that was changed after it was signed', async ({ settings }) => {
  const der = Buffer.from(makeRequest(settings.dataDir).replace(/-----[^-]+-----/g, ''), 'base64')
  der[30]! ^= 1
  const csr = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`
  await expect(hostAuthority(settings).signServer({ csr, address: '192.0.2.7' })).rejects.toMatchObject({
    code: 'invalid_params',
  })
})
