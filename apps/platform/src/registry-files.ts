// What the image registry runs from: its configuration, its certificate, and
// the key that its tokens are signed with.
//
// The files are root's, in a folder of root's; the registry's own account may
// read what is meant for it and write to its storage alone. The configuration
// comes last and goes first: it is what the supervisor goes by.
import { createHash } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { paths, type Settings } from '@paas/contract/settings'
import { isDue } from '@paas/domain/certificate-renewal'
import { registryAddress, registryAuthority } from '@paas/registry/address'
import { TOKEN_ISSUER, TOKEN_SERVICE } from '@paas/registry/tokens'
import { lifeOf } from '@paas/service/certificate-life'
import { accountOf } from './account.ts'
import { issueLeaf, makeSelfSigned, writeAtomic } from './authority.ts'
import { isGoodLeaf } from './certificates.ts'

const ACCOUNT = 'docker-registry' // Debian's package makes it
const LEAF_DAYS = 397
const TOKEN_CERTIFICATE_DAYS = 3650
/** What is under way ends, also a layer of 100 MB from a slow disk. */
const DRAIN_TIMEOUT = '10s'

export type RegistryFileSettings = Pick<Settings, 'dataDir' | 'domain' | 'linkSubnet' | 'registryPort'>

export const registryAccount = () => accountOf(ACCOUNT)

/** The registry's own; the supervisor makes and removes it. */
export const storagePath = (settings: Pick<Settings, 'dataDir'>) => path.join(paths.registry(settings), 'data')

/** Writes what is missing or nears its end. The configuration names the certificates by their digest too, so that new ones start the registry anew. */
export async function ensureRegistryFiles(settings: RegistryFileSettings, now = new Date()): Promise<void> {
  const folder = paths.registry(settings)
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  await ensureTokenKey(settings, now)
  const tls = { certificate: path.join(folder, 'tls.pem'), key: path.join(folder, 'tls.key') }
  if (!isGoodLeaf(settings, tls, [registryAddress(settings)], now)) {
    const address = registryAddress(settings)
    const leaf = { subject: address, names: [{ type: 'ip' as const, value: address }], usage: 'server' as const, days: LEAF_DAYS }
    const { certificate, key } = await issueLeaf(settings, leaf, now)
    writeFor(tls.key, key)
    writeFor(tls.certificate, certificate)
  }
  const issuer = path.join(folder, 'token.pem')
  writeFor(issuer, readFileSync(paths.registryTokenCertificate(settings), 'utf8'))
  writeFor(paths.registryConfig(settings), registryConfig(settings, { issuer, ...tls }))
}

/** The supervisor stops the registry and removes its storage: every image in it is also in this machine's engine. */
export function removeRegistryFiles(settings: Pick<Settings, 'dataDir'>): void {
  rmSync(paths.registryConfig(settings), { force: true })
}

/**
 * Key and certificate are one: the certificate is written last, and a key without one is made again. A new pair starts the registry anew;
 * what is pulled or pushed in between is tried again.
 */
async function ensureTokenKey(settings: RegistryFileSettings, now: Date): Promise<void> {
  const [keyFile, certificateFile] = [paths.registryTokenKey(settings), paths.registryTokenCertificate(settings)]
  if (existsSync(keyFile) && existsSync(certificateFile)) {
    const own = readFileSync(certificateFile)
    if (!isDue(lifeOf(own, own), now.getTime())) return
    rmSync(certificateFile)
  }
  mkdirSync(path.dirname(keyFile), { recursive: true, mode: 0o700 })
  const signer = { name: 'CN=paas registry tokens', days: TOKEN_CERTIFICATE_DAYS, authority: false }
  const { certificate, key } = await makeSelfSigned(signer, now)
  writeAtomic(keyFile, key, 0o600)
  writeAtomic(certificateFile, certificate, 0o600)
}

/**
 * https://distribution.github.io/distribution/about/configuration/, as JSON, which is YAML too and needs no quoting rules. `realm` is where
 * others would ask for tokens; ours come with the request, so nobody ever goes there.
 */
function registryConfig(settings: RegistryFileSettings, files: { issuer: string; certificate: string; key: string }): string {
  const fingerprint = createHash('sha256')
    .update(readFileSync(files.certificate))
    .update(readFileSync(files.issuer))
    .digest('hex')
  const config = {
    version: 0.1,
    log: { level: 'warn', formatter: 'json', accesslog: { disabled: true }, fields: { certificates: fingerprint.slice(0, 12) } },
    storage: {
      filesystem: { rootdirectory: storagePath(settings) },
      delete: { enabled: true },
      cache: { blobdescriptor: 'inmemory' },
      maintenance: { uploadpurging: { enabled: true, age: '24h', interval: '6h', dryrun: false } },
    },
    http: {
      addr: registryAuthority(settings),
      draintimeout: DRAIN_TIMEOUT,
      tls: { certificate: files.certificate, key: files.key, minimumtls: 'tls1.2' },
      headers: { 'X-Content-Type-Options': ['nosniff'] },
    },
    auth: {
      token: {
        realm: `https://${registryAuthority(settings)}/token`,
        service: TOKEN_SERVICE,
        issuer: TOKEN_ISSUER,
        rootcertbundle: files.issuer,
      },
    },
  }
  return `${JSON.stringify(config, null, 2)}\n`
}

/** For the registry's account alone; the folder is root's, so that nothing else can stand at that name. */
function writeFor(file: string, content: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === content) return
  writeFileSync(`${file}.new`, content, { mode: 0o600 })
  giveAway(`${file}.new`)
  renameSync(`${file}.new`, file)
}

function giveAway(file: string): void {
  const { uid, gid } = registryAccount()
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid)
}
