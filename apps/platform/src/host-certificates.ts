// Certificates between the platform and the engines of other hosts. Both sides
// know each other by the platform's own authority: engines get a server's
// certificate, the platform a client's, and neither will do for the other, so
// that one host's key opens no other host's engine.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { HostAuthority } from '@paas/api/host-authority'
import { paths, type Settings } from '@paas/contract/settings'
import { issueLeaf, signRequest } from './authority.ts'

const DAYS = 365

/** The authority's key stays here: the api is given what it may have signed, not what it is signed with. */
export function hostAuthority(settings: Pick<Settings, 'dataDir' | 'domain'>): HostAuthority {
  const ca = () => readFileSync(paths.caCertificate(settings), 'utf8')
  return {
    certificate: ca,
    async issueClient() {
      const leaf = { subject: `paas ${settings.domain}`, names: [], usage: 'client' as const, days: DAYS }
      const { certificate, key } = await issueLeaf(settings, leaf)
      return { ca: ca(), cert: certificate, key }
    },
    async signServer({ csr, address }) {
      const names = [{ type: isIP(address) > 0 ? ('ip' as const) : ('dns' as const), value: address }]
      return { ca: ca(), cert: await signRequest(settings, csr, { subject: address, names, usage: 'server', days: DAYS }) }
    },
  }
}
