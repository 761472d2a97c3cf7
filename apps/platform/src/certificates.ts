// The certificate of the platform's public ports, of its own authority, until
// a public authority gives a better one.
//
// It covers DOMAIN, *.DOMAIN and this machine's loopback names, because the
// rendezvous port is reached without SNI and must show a name that fits.
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { paths, type Settings } from '@paas/contract/settings'
import { isDue } from '@paas/domain/certificate-renewal'
import { lifeOf } from '@paas/service/certificate-life'
import type { Logger } from '@paas/service/log'
import type { Service } from '@paas/service/service'
import { pause } from '@paas/service/wait'
import { ensureAuthority, issueLeaf, writeAtomic } from './authority.ts'

const LEAF_DAYS = 397 // the longest that browsers accept (CA/Browser Forum Baseline Requirements 6.3.2)
const LOOK_MS = 3_600_000

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

/** Looks every hour for as long as the platform runs: `bin/up` may be years ago. Whoever serves with them looks at the files. */
export function keepCertificates(settings: Where, log: Logger): Service {
  const abort = new AbortController()
  async function loop(): Promise<void> {
    for (; !abort.signal.aborted; await pause(LOOK_MS, abort.signal))
      await ensureCertificates(settings).catch((err: unknown) => log.error({ err }, 'certificates.not_kept'))
  }
  const looping = loop()
  return {
    name: 'certificates',
    async close() {
      abort.abort()
      await looping
    },
  }
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
  const life = lifeOf(leaf, readFileSync(paths.caCertificate(settings)))
  const names = (leaf.subjectAltName ?? '').split(', ').map((name) => name.slice(name.indexOf(':') + 1))
  return life.ours && !isDue(life, now.getTime()) && wanted.every((name) => names.includes(name))
}
