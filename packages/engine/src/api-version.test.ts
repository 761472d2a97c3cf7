import { expect, it } from 'vitest'
import { agreeVersion } from './api-version.ts'

it.each([
  ['20.10.24', '1.41', '1.12', 'v1.41'],
  ['28.3.0', '1.51', '1.24', 'v1.41'],
  ['29.1.3', '1.52', '1.44', 'v1.44'],
  ['29 told to speak 1.41', '1.52', '1.41', 'v1.41'],
  ['a second major one', '2.1', '2.0', 'v2.0'],
])('speaks with Docker %s (%s, from %s on) %s', (Version, ApiVersion, MinAPIVersion, expected) => {
  expect(agreeVersion({ Version, ApiVersion, MinAPIVersion })).toBe(expected)
})

it('says that an engine is too old, and which will do', () => {
  expect(() => agreeVersion({ Version: '19.03.15', ApiVersion: '1.40', MinAPIVersion: '1.12' })).toThrow(
    expect.objectContaining({
      code: 'engine_too_old',
      message: 'Docker Engine 19.03.15 is too old: it speaks API 1.40, and 1.41 is needed',
    }),
  )
})
