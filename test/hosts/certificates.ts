// Mutual TLS for the rig's engines: one authority per rig, and for each host a
// server's and a client's certificate, laid out as DOCKER_CERT_PATH wants them.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { must } from '@paas/testing/platform'
import { run } from '@paas/testing/run'

const DAYS = '7' // a rig lives for minutes
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', DAYS]

export interface Authority {
  certificate: string
  key: string
}

/** Makes it in `folder` where missing. */
export async function ensureAuthority(folder: string): Promise<Authority> {
  const authority = { certificate: path.join(folder, 'ca.pem'), key: path.join(folder, 'ca-key.pem') }
  if (existsSync(authority.certificate)) return authority
  mkdirSync(folder, { recursive: true })
  const uses = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  await openssl(...EC, ...uses, '-subj', `/CN=paas hosts ${path.basename(folder)}`, ...outputs(authority))
  return authority
}

/** `ca.pem`, `cert.pem` and `key.pem` in `folder`, where missing: a server's for an address (and for loopback, where a test may put something in between), or else a client's. */
export async function ensureCertificate(authority: Authority, folder: string, serverAddress?: string): Promise<void> {
  const pair = { certificate: path.join(folder, 'cert.pem'), key: path.join(folder, 'key.pem') }
  if (existsSync(pair.certificate)) return
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  copyFileSync(authority.certificate, path.join(folder, 'ca.pem'))
  const uses = serverAddress
    ? ['-addext', 'extendedKeyUsage=serverAuth', '-addext', `subjectAltName=IP:${serverAddress},IP:127.0.0.1`]
    : ['-addext', 'extendedKeyUsage=clientAuth']
  const signedBy = ['-CA', authority.certificate, '-CAkey', authority.key]
  const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE']
  await openssl(...EC, ...leaf, ...uses, ...signedBy, '-subj', `/CN=${serverAddress ?? 'client'}`, ...outputs(pair))
}

const outputs = ({ certificate, key }: Authority) => ['-out', certificate, '-keyout', key]

async function openssl(...args: string[]): Promise<void> {
  await must(run('openssl', ['req', '-x509', ...args]))
}
