import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createSigner } from './signed.ts'

const signer = createSigner(randomBytes(32))
const grant = { kind: 'build', appId: 'a', buildId: 'b', expiresAt: 1000 } as const

it('opens what it signed, until it expires', () => {
  expect(signer.open(signer.sign(grant), 999)).toEqual(grant)
  expect(signer.open(signer.sign(grant), 1000)).toBeUndefined()
})

it('opens nothing that was changed or made elsewhere', () => {
  const [payload = '', mac = ''] = signer.sign(grant).split('.')
  const other = Buffer.from(JSON.stringify({ ...grant, appId: 'x' })).toString('base64url')
  const foreign = createSigner(randomBytes(32)).sign(grant)
  for (const forged of [`${other}.${mac}`, `${payload}.`, payload, '', '.', `${payload}.${mac.slice(1)}`, foreign]) {
    expect(signer.open(forged, 0)).toBeUndefined()
  }
})
