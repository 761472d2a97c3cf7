// Hosts as the API gives them, and certificates as an admin has them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newDirectory } from '../cli.fixture.ts'
import type { Host, HostCertificate } from '../objects.ts'

export const host = (name: string, rest: Partial<Host> = {}): Host => ({
  ...{ name, local: false, state: 'up', condition: 'up', condition_since: '2026-01-02T10:00:00Z', reason: null },
  ...{ labels: {}, zone: null, cordoned: false, draining: false, dynos: 0 },
  ...{
    memory: { wanted: 1536, used: 900, total: 4096 },
    cpus: { wanted: 1.5, used: 0.25, total: 2 },
    disk: { free: 40e9, total: 80e9 },
  },
  ...{ engine_version: '20.10.24', engine_url: `tcp://${name}:2376` },
  ...{ certificates: { client: null, server: null }, authority_expires_at: null },
  ...{ last_seen: new Date().toISOString(), distrust_until: null, steps: [], created_at: '2026-01-02T10:00:00Z' },
  ...{ node_trouble: null, strangers: [] },
  ...rest,
})
export const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
export const good = (days: number, rest: Partial<HostCertificate> = {}): HostCertificate => ({
  ...{ expires_at: inDays(days), renewed_by: 'platform', last_renewal: null },
  ...rest,
})
export const step = (name: string, state: 'running' | 'done' | 'failed', detail = '') => ({ name, state, detail })

/** A folder as DOCKER_CERT_PATH is one. */
export function certificates(...files: string[]): string {
  const folder = newDirectory()
  for (const file of files) writeFileSync(join(folder, file), `text of ${file}`)
  return folder
}
export const ALL = ['ca.pem', 'cert.pem', 'key.pem']
