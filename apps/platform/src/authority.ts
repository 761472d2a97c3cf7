// The platform's own certificate authority: made once, and the certificates it
// gives to whoever of the platform must be known by one.
import { webcrypto } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { paths, type Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'

const CA_DAYS = 3650
const DAY_MS = 86_400_000
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

type Where = Pick<Settings, 'dataDir' | 'domain'>

/** PEM texts. The key is a secret. */
export interface Issued {
  certificate: string
  key: string
}

export interface LeafRequest {
  subject: string
  /** `dns` and `ip` names; a client needs none. */
  names: { type: 'dns' | 'ip'; value: string }[]
  usage: 'server' | 'client'
  days: number
}

const caKeyPath = (settings: Where) => path.join(path.dirname(paths.caCertificate(settings)), 'ca.key')

/** Makes it where it is missing. */
export async function ensureAuthority(settings: Where, now = new Date()): Promise<void> {
  mkdirSync(path.dirname(paths.caCertificate(settings)), { recursive: true, mode: 0o755 })
  if (existsSync(paths.caCertificate(settings)) && existsSync(caKeyPath(settings))) return
  const name = `CN=paas CA ${settings.domain} ${now.toISOString().slice(0, 10)}`
  const { certificate, key } = await makeSelfSigned({ name, days: CA_DAYS, authority: true }, now)
  writeAtomic(caKeyPath(settings), key, 0o600)
  writeAtomic(paths.caCertificate(settings), certificate, 0o644)
}

/** A certificate of the authority, with a new key. Nothing is written down. */
export async function issueLeaf(settings: Where, request: LeafRequest, now = new Date()): Promise<Issued> {
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const certificate = await certify(settings, request, keys.publicKey, now)
  return { certificate, key: await pemOfKey(await loadX509(), keys.privateKey) }
}

/**
 * A certificate for the key of a signing request (PKCS#10, PEM): its maker keeps the key. Of the request only the key counts; names
 * and purpose are ours to say. Throws `invalid_params` for what is no request, or not signed with its own key.
 */
export async function signRequest(settings: Where, csr: string, request: LeafRequest, now = new Date()): Promise<string> {
  const x509 = await loadX509()
  const parsed = await Promise.try(() => new x509.Pkcs10CertificateRequest(csr)).catch(() => undefined)
  if (!parsed || !(await parsed.verify().catch(() => false))) {
    throw new PlatformError('invalid_params', 'csr: is not a certificate signing request in PEM, signed with its own key')
  }
  return certify(settings, request, await parsed.publicKey.export(), now)
}

async function certify(
  settings: Where,
  { subject, names, usage, days }: LeafRequest,
  publicKey: webcrypto.CryptoKey,
  now: Date,
): Promise<string> {
  const x509 = await loadX509()
  const issuer = new x509.X509Certificate(readFileSync(paths.caCertificate(settings), 'utf8'))
  const pkcs8 = x509.PemConverter.decodeFirst(readFileSync(caKeyPath(settings), 'utf8'))
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign'])
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${subject}`,
    issuer: issuer.subject,
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + days * DAY_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: publicKey as never,
    signingKey: signingKey as never,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[usage === 'server' ? 'serverAuth' : 'clientAuth']]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return `${certificate.toString('pem')}\n`
}

/** One that answers for itself: an authority, or a signer that no authority may speak for. */
export async function makeSelfSigned(
  { name, days, authority }: { name: string; days: number; authority: boolean },
  now = new Date(),
): Promise<Issued> {
  const x509 = await loadX509()
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const usage = authority ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign : x509.KeyUsageFlags.digitalSignature
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name,
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + days * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys: keys as never,
    extensions: [
      new x509.BasicConstraintsExtension(authority, authority ? 0 : undefined, true),
      new x509.KeyUsagesExtension(usage, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    ],
  })
  return { certificate: `${certificate.toString('pem')}\n`, key: await pemOfKey(x509, keys.privateKey) }
}

/** Loaded only when needed: a certificate is made once a year. */
async function loadX509() {
  await import('reflect-metadata') // its injection library refuses to load without
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto as never)
  return x509
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

/** A reader sees the old file or the new one, whole. */
export function writeAtomic(file: string, content: string, mode: number): void {
  writeFileSync(`${file}.new`, content, { mode })
  renameSync(`${file}.new`, file)
}
