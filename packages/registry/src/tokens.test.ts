import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import { jwtVerify } from 'jose/jwt/verify'
import { expect, it } from 'vitest'
import { signToken, TOKEN_ISSUER, TOKEN_SERVICE } from './tokens.ts'

it('is good for what it names, for five minutes', async () => {
  const settings = { dataDir: mkdtempSync(path.join(os.tmpdir(), 'tokens-')) }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  mkdirSync(path.dirname(paths.registryTokenKey(settings)))
  writeFileSync(paths.registryTokenKey(settings), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(paths.registryTokenCertificate(settings), '-----BEGIN CERTIFICATE-----\nQUJD\nREVG\n-----END CERTIFICATE-----\n')

  const access = [{ type: 'repository' as const, name: 'app-1', actions: ['pull' as const] }]
  const token = await signToken(settings, access, 1_800_000_000_500)
  const { payload, protectedHeader } = await jwtVerify(token, createPublicKey(privateKey), {
    issuer: TOKEN_ISSUER,
    audience: TOKEN_SERVICE,
    currentDate: new Date(1_800_000_001_000),
  })
  expect(payload).toMatchObject({ access, iat: 1_800_000_000, exp: 1_800_000_300 })
  expect(protectedHeader).toEqual({ typ: 'JWT', alg: 'ES256', x5c: ['QUJDREVG'] })
  rmSync(settings.dataDir, { recursive: true })
})
