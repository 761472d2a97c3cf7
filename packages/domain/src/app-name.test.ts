import fc from 'fast-check'
import { expect, it } from 'vitest'
import { proposeAppName, refuseAppName } from './app-name.ts'

it.each(['shop', 'a1b', 'calm-river-12345', 'a'.repeat(30)])('takes %s', (name) => {
  expect(refuseAppName(name)).toBeUndefined()
})

it.each([
  '',
  'ab',
  'a'.repeat(31),
  '1shop',
  '-shop',
  'shop-',
  'Shop',
  'sh op',
  'shop\n',
  'shöp',
  'a.b',
  'api',
  'git',
  '__proto__',
])('refuses %j', (name) => {
  expect(refuseAppName(name)).toBeTypeOf('string')
})

it('proposes only names that it would take', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
      expect(refuseAppName(proposeAppName((below) => Math.floor(chance * below)))).toBeUndefined()
    }),
  )
})
