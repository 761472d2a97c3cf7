// Tokens: what the holder may do in one repository, for five minutes.
//
// The engine is handed one with the call that pushes or pulls (`registrytoken`
// of X-Registry-Auth, https://docs.docker.com/reference/api/engine/#authentication)
// and shows it to the registry as it is, so nothing has to listen where
// engines could ask for tokens. The claims are those of
// https://distribution.github.io/distribution/spec/auth/jwt/.
//
// The registry knows the signer by a certificate of its own, carried in x5c,
// which every version understands, while the form of `kid` changed with 3.0. It
// is not signed by the platform's authority: else every certificate of that,
// a host's engine's too, could sign tokens.
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { paths, type Settings } from '@paas/contract/settings'
import { SignJWT } from 'jose/jwt/sign'
import { importPKCS8 } from 'jose/key/import'

export const TOKEN_ISSUER = 'paas'
export const TOKEN_SERVICE = 'paas-registry'
const LIFE_S = 5 * 60
const ALGORITHM = 'ES256'

export interface Access {
  type: 'repository' | 'registry'
  name: string
  actions: ('pull' | 'push' | 'delete' | '*')[]
}

/** Signs one. Throws ENOENT before the platform first needed a registry. Never log it. */
export async function signToken(settings: Pick<Settings, 'dataDir'>, access: Access[], now = Date.now()): Promise<string> {
  const [key, certificate] = await Promise.all([
    readFile(paths.registryTokenKey(settings), 'utf8'),
    readFile(paths.registryTokenCertificate(settings), 'utf8'),
  ])
  const seconds = Math.floor(now / 1000)
  return new SignJWT({ access })
    .setProtectedHeader({ typ: 'JWT', alg: ALGORITHM, x5c: [derOf(certificate)] })
    .setIssuer(TOKEN_ISSUER)
    .setAudience(TOKEN_SERVICE)
    .setSubject('')
    .setJti(randomUUID())
    .setIssuedAt(seconds)
    .setNotBefore(seconds)
    .setExpirationTime(seconds + LIFE_S)
    .sign(await importPKCS8(key, ALGORITHM))
}

/** Base64 of the DER, which is what stands between a PEM's first and last line. */
function derOf(pem: string): string {
  return pem.replace(/-----[^-]+-----|\s/g, '')
}
