// Certificates for tests, made by openssl: of one authority, of another, and
// such as nobody should take.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { HostCredentials } from '@paas/store/hosts'
import type { HostAuthority } from './host-authority.ts'

export interface TestAuthority extends HostAuthority {
  /** A client's certificate; `days` below zero has expired. */
  client(options?: { days?: number; usage?: 'clientAuth' | 'serverAuth' }): HostCredentials
  /** An engine's. */
  server(address: string): { cert: string; key: string }
}

/** Keeps its files in `folder`. */
export function makeTestAuthority(folder: string): TestAuthority {
  mkdirSync(folder, { recursive: true })
  const file = (name: string) => path.join(folder, name)
  const read = (name: string) => readFileSync(file(name), 'utf8')
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const keys = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  let made = false

  function ensureCa(): void {
    if (made) return
    openssl('req', '-x509', ...keys, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test CA', '-days', '30')
    made = true
  }

  function sign(csr: string, extensions: string, dates: string[]): string {
    ensureCa()
    writeFileSync(file('leaf.csr'), csr)
    writeFileSync(file('leaf.ext'), extensions)
    const from = ['-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-extfile', 'leaf.ext', '-out', 'leaf.pem']
    openssl('x509', '-req', ...from, '-CAcreateserial', ...dates)
    return read('leaf.pem')
  }

  function client({ days = 30, usage = 'clientAuth' }: { days?: number; usage?: string } = {}): HostCredentials {
    openssl('req', ...keys, '-keyout', 'client.key', '-out', 'client.csr', '-subj', '/CN=client')
    const cert = sign(read('client.csr'), `extendedKeyUsage=${usage}`, ['-days', String(days)])
    return { ca: read('ca.pem'), cert, key: read('client.key') }
  }

  return {
    certificate() {
      ensureCa()
      return read('ca.pem')
    },
    client,
    server(address) {
      openssl('req', ...keys, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=engine')
      return { cert: sign(read('server.csr'), `subjectAltName=IP:${address}`, ['-days', '30']), key: read('server.key') }
    },
    issueClient: async () => client(),
    async signServer({ csr, address }) {
      const cert = sign(csr, `subjectAltName=IP:${address}`, ['-days', '30'])
      return { ca: read('ca.pem'), cert }
    },
  }
}
