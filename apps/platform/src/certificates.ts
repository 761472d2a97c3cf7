// The certificate of the platform's public ports, of its own authority, until
// a public authority gives a better one.
//
// It covers DOMAIN, *.DOMAIN and this machine's loopback names, because the
// rendezvous port is reached without SNI and must show a name that fits.
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { paths, type Settings } from '@paas/contract/settings'
import { ensureAuthority, issueLeaf, writeAtomic } from './authority.ts'

const LEAF_DAYS = 397 // the longest that browsers accept (CA/Browser Forum Baseline Requirements 6.3.2)
const RENEW_BEFORE_DAYS = 130 // a third of its life
const DAY_MS = 86_400_000

type Where = Pick<Settings, 'dataDir' | 'domain'>

/** Makes authority and leaf where missing, and a new leaf when it nears its end or the domain changed. */
export async function ensureCertificates(settings: Where, now = new Date()): Promise<void> {
  await ensureAuthority(settings, now)
  const files = { certificate: paths.certificate(settings), key: paths.certificateKey(settings) }
  const names = leafNames(settings.domain)
  if (isGoodLeaf(settings, files, names, now)) return
  const { certificate, key } = await issueLeaf(
    settings,
    {
      subject: settings.domain,
      names: [
        ...names.map((value) => ({ type: 'dns' as const, value })),
        { type: 'ip' as const, value: '127.0.0.1' },
        { type: 'ip' as const, value: '::1' },
      ],
      usage: 'server',
      days: LEAF_DAYS,
    },
    now,
  )
  writeAtomic(files.key, key, 0o600)
  writeAtomic(files.certificate, certificate, 0o644)
}

/** No client accepts a wildcard right under a top-level name, so apps of DOMAIN=localhost have http only. */
export function leafNames(domain: string): string[] {
  return [...new Set([domain, ...(domain.includes('.') ? [`*.${domain}`] : []), 'localhost'])]
}

/** Whether it is there, of our authority, for all these names (or addresses), and far from its end. */
export function isGoodLeaf(
  settings: Where,
  files: { certificate: string; key: string },
  wanted: readonly string[],
  now: Date,
): boolean {
  if (!existsSync(files.certificate) || !existsSync(files.key)) return false
  const leaf = new X509Certificate(readFileSync(files.certificate))
  const authority = new X509Certificate(readFileSync(paths.caCertificate(settings)))
  const names = (leaf.subjectAltName ?? '').split(', ').map((name) => name.slice(name.indexOf(':') + 1))
  return (
    leaf.checkIssued(authority) &&
    leaf.validToDate.getTime() - now.getTime() > RENEW_BEFORE_DAYS * DAY_MS &&
    wanted.every((name) => names.includes(name))
  )
}
