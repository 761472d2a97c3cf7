// The platform's own certificate authority and the certificate of its public
// ports, until a public authority gives a better one.
//
// The leaf covers DOMAIN, *.DOMAIN and this machine's loopback names, because
// the rendezvous port is reached without SNI and must show a name that fits.
import { webcrypto } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { paths, type Settings } from '@paas/contract/settings'

const CA_DAYS = 3650
const LEAF_DAYS = 397 // the longest that browsers accept (CA/Browser Forum Baseline Requirements 6.3.2)
const RENEW_BEFORE_DAYS = 130 // a third of its life
const DAY_MS = 86_400_000
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

type Where = Pick<Settings, 'dataDir' | 'domain'>

/** Makes CA and leaf where missing, and a new leaf when it nears its end or the domain changed. */
export async function ensureCertificates(settings: Where, now = new Date()): Promise<void> {
  mkdirSync(path.dirname(paths.certificate(settings)), { recursive: true, mode: 0o755 })
  if (!existsSync(paths.caCertificate(settings)) || !existsSync(caKeyPath(settings))) await makeAuthority(settings, now)
  if (!(await leafIsGood(settings, now))) await makeLeaf(settings, now)
}

const caKeyPath = (settings: Where) => path.join(path.dirname(paths.caCertificate(settings)), 'ca.key')

/** Loaded only when needed: a certificate is made once a year. */
async function loadX509() {
  await import('reflect-metadata') // its injection library refuses to load without
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto as never)
  return x509
}

async function makeAuthority(settings: Where, now: Date): Promise<void> {
  const x509 = await loadX509()
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=paas CA ${settings.domain} ${now.toISOString().slice(0, 10)}`,
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + CA_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys: keys as never,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    ],
  })
  writeAtomic(caKeyPath(settings), await pemOfKey(x509, keys.privateKey), 0o600)
  writeAtomic(paths.caCertificate(settings), `${certificate.toString('pem')}\n`, 0o644)
}

async function makeLeaf(settings: Where, now: Date): Promise<void> {
  const x509 = await loadX509()
  const issuer = new x509.X509Certificate(readFileSync(paths.caCertificate(settings), 'utf8'))
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(readFileSync(caKeyPath(settings), 'utf8')),
    ALGORITHM,
    false,
    ['sign'],
  )
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${settings.domain}`,
    issuer: issuer.subject,
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + LEAF_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey as never,
    signingKey: signingKey as never,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...leafNames(settings.domain).map((value) => ({ type: 'dns' as const, value })),
        { type: 'ip' as const, value: '127.0.0.1' },
        { type: 'ip' as const, value: '::1' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  writeAtomic(paths.certificateKey(settings), await pemOfKey(x509, keys.privateKey), 0o600)
  writeAtomic(paths.certificate(settings), `${certificate.toString('pem')}\n`, 0o644)
}

/** No client accepts a wildcard right under a top-level name, so apps of DOMAIN=localhost have http only. */
export function leafNames(domain: string): string[] {
  return [...new Set([domain, ...(domain.includes('.') ? [`*.${domain}`] : []), 'localhost'])]
}

async function leafIsGood(settings: Where, now: Date): Promise<boolean> {
  if (!existsSync(paths.certificate(settings)) || !existsSync(paths.certificateKey(settings))) return false
  const { X509Certificate } = await import('node:crypto')
  const leaf = new X509Certificate(readFileSync(paths.certificate(settings)))
  const authority = new X509Certificate(readFileSync(paths.caCertificate(settings)))
  const names = (leaf.subjectAltName ?? '').split(', ')
  return (
    leaf.checkIssued(authority) &&
    leaf.validToDate.getTime() - now.getTime() > RENEW_BEFORE_DAYS * DAY_MS &&
    leafNames(settings.domain).every((name) => names.includes(`DNS:${name}`))
  )
}

/** 16 random bytes, positive (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16))
  bytes[0]! &= 0x7f
  return Buffer.from(bytes).toString('hex')
}

async function pemOfKey(x509: typeof import('@peculiar/x509'), key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`
}

function writeAtomic(file: string, content: string, mode: number): void {
  writeFileSync(`${file}.new`, content, { mode })
  renameSync(`${file}.new`, file)
}
