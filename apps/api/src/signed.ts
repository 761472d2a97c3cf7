// Addresses that are their own credential. The CLI sends no token to a log
// session or an output stream, so such an address carries what it opens and
// until when, under an HMAC that only this platform can make.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

const Grant = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('logs'),
    appId: z.string(),
    lines: z.number(),
    tail: z.boolean(),
    source: z.enum(['app', 'heroku']).optional(),
    dyno: z.string().optional(),
    expiresAt: z.number(),
  }),
  z.object({ kind: z.literal('build'), appId: z.string(), buildId: z.string(), expiresAt: z.number() }),
  z.object({ kind: z.literal('release'), appId: z.string(), version: z.number(), expiresAt: z.number() }),
])
/** What one address opens; `expiresAt` in ms since the epoch. */
export type Grant = z.infer<typeof Grant>

export interface Signer {
  sign(grant: Grant): string
  /** What it opens; undefined when forged, changed or expired. */
  open(signed: string, nowMs: number): Grant | undefined
}

/** `key` is the store's sealing key: the signing key is derived from it, so that neither gives the other away. */
export function createSigner(key: Buffer): Signer {
  const secret = Buffer.from(hkdfSync('sha256', key, '', 'paas signed addresses', 32))
  const mac = (payload: string) => createHmac('sha256', secret).update(payload).digest()
  return {
    sign(grant) {
      const payload = Buffer.from(JSON.stringify(grant)).toString('base64url')
      return `${payload}.${mac(payload).toString('base64url')}`
    },
    open(signed, nowMs) {
      const [payload = '', signature = ''] = signed.split('.')
      const given = Buffer.from(signature, 'base64url')
      const right = mac(payload)
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
      const grant = Grant.parse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')))
      return grant.expiresAt > nowMs ? grant : undefined
    },
  }
}
