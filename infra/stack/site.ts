// The site layer: what this installation adds to Debian's root, the launcher
// of processes and the CA certificates that its network needs.
//
// Kept apart from the root, so that a new certificate does not make a new
// Debian root, and roots are equal everywhere.
import { readFile } from 'node:fs/promises'
import type { ConfigChange } from '@paas/engine/images'
import { DYNO_UID, makeTar } from '@paas/engine/tar'

const BUNDLE = '/etc/ssl/certs/ca-certificates.crt'

/** Every tool its own name for one file. */
const CERTIFICATE_VARIABLES = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'CURL_CA_BUNDLE',
]

/** The machine's certificates and, after them, those of `extra` (a PEM file) that it lacks. */
export async function readCaBundle(extra: string | undefined): Promise<string> {
  const machine = await readFile(process.env['SSL_CERT_FILE'] ?? BUNDLE, 'utf8')
  const own = extra ? await readFile(extra, 'utf8') : ''
  const certificates = `${machine}\n${own}`.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return `${[...new Set(certificates)].join('\n')}\n`
}

export function readLauncher(): Promise<string> {
  return readFile(new URL('start.sh', import.meta.url), 'utf8')
}

export function siteLayer(launcher: string, caBundle: string): Promise<Buffer> {
  return makeTar([
    { kind: 'directory', name: 'app', uid: DYNO_UID },
    { kind: 'directory', name: 'stack' },
    { kind: 'file', name: 'stack/start', content: launcher, executable: true },
    { kind: 'file', name: BUNDLE.slice(1), content: caBundle },
  ])
}

/** The environment and user of everything that runs on the stack. */
export function stackConfig(version: string): ConfigChange {
  return {
    User: `${DYNO_UID}:${DYNO_UID}`,
    WorkingDir: '/app',
    Labels: { 'paas.stack': version },
    Env: {
      HOME: '/app',
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      STACK: version,
      // The engine's init then signals every process of a dyno, as Heroku does, not only the first.
      TINI_KILL_PROCESS_GROUP: '1',
      ...Object.fromEntries(CERTIFICATE_VARIABLES.map((name) => [name, BUNDLE])),
    },
  }
}
