// Config vars at rest: AES-256-GCM with a key that lives outside the database,
// so that a stolen dump reads as noise.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { invariant } from '@paas/domain/errors'

const NONCE_BYTES = 12 // NIST SP 800-38D, 8.2
const TAG_BYTES = 16
const FORMAT = 1 // first byte, so that a later key or cipher can stand beside this one

/** format ‖ nonce ‖ tag ‖ ciphertext. `owner` is bound in: a sealed set cannot be moved to another app. */
export function seal(key: Buffer, owner: string, clear: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(owner))
  const body = Buffer.concat([cipher.update(clear, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.from([FORMAT]), nonce, cipher.getAuthTag(), body])
}

/** The clear text; throws when the key, the owner or a byte is wrong. */
export function unseal(key: Buffer, owner: string, sealed: Uint8Array): string {
  const bytes = Buffer.from(sealed)
  invariant(bytes[0] === FORMAT, `unknown sealing format ${bytes[0]}`)
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES)
  const tag = bytes.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(owner)).setAuthTag(tag)
  return decipher.update(bytes.subarray(1 + NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
}
