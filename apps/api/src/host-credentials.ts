// What an engine on TCP is added with: its address, and the three files of
// DOCKER_CERT_PATH. Looked at before anything is written down, so that a wrong
// file is named and not found out by a handshake that fails.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { PlatformError } from '@paas/domain/errors'
import type { HostCredentials } from '@paas/store/hosts'

const CLIENT_USAGE = '1.3.6.1.5.5.7.3.2' // id-kp-clientAuth (RFC 5280, 4.2.1.12)
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Throws `invalid_params` saying which file is wrong, and in what. */
export function checkCredentials({ ca, cert, key }: HostCredentials, now: Date): void {
  for (const authority of certificatesOf('ca.pem', ca)) checkDates('ca.pem', authority, now)
  const [own] = certificatesOf('cert.pem', cert)
  checkDates('cert.pem', own, now)
  // `keyUsage` are the extended usages; a certificate without any serves every purpose.
  const usages = own.keyUsage as string[] | undefined
  if (usages && !usages.includes(CLIENT_USAGE)) {
    throw wrong('cert.pem is not a client’s certificate', 'The engine wants one that was issued for client authentication.')
  }
  if (!own.checkPrivateKey(keyOf(key))) {
    throw wrong(
      'key.pem is not the key of cert.pem',
      'Both have to come from the same folder: DOCKER_CERT_PATH of a working `docker` has them.',
    )
  }
}

/** `tcp://HOST:PORT` as we keep it; throws `invalid_params` for anything else. */
export function parseEngineUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain = url?.protocol === 'tcp:' && url.hostname !== '' && Number(url.port) > 0
  if (!url || !plain || text.replace(/\/$/, '') !== `tcp://${url.host}`) {
    throw wrong(`${text} is not the address of an engine`, 'For example: tcp://192.0.2.7:2376')
  }
  return `tcp://${url.host}`
}

function certificatesOf(file: string, pem: string): [X509Certificate, ...X509Certificate[]] {
  try {
    const [first, ...rest] = (pem.match(PEM_CERTIFICATE) ?? []).map((one) => new X509Certificate(one))
    if (first) return [first, ...rest]
  } catch {}
  throw wrong(`${file} holds no certificate`, 'It has to be PEM: -----BEGIN CERTIFICATE-----')
}

function checkDates(file: string, certificate: X509Certificate, now: Date): void {
  const { validToDate, validFromDate } = certificate
  if (validToDate < now)
    throw wrong(`${file} has expired: it was valid until ${validToDate.toISOString()}`, 'Make new ones, and try again.')
  if (validFromDate > now) {
    throw wrong(
      `${file} is not valid before ${validFromDate.toISOString()}`,
      'Is the clock of this machine, or of the one that made it, right?',
    )
  }
}

function keyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw wrong('key.pem holds no private key', 'It has to be PEM, and without a passphrase.')
  }
}

function wrong(message: string, hint: string): PlatformError {
  return new PlatformError('invalid_params', message, { hint })
}
