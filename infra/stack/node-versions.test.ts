import { expect, it } from 'vitest'
import { chooseNodeVersion, npmRangeFor } from './node-versions.ts'

const published = ['16.20.2', '18.20.4', '20.9.0', '22.1.0', '22.23.3', '24.2.0', '26.10.0', '26.11.0-rc.1', '27.0.0']

it.each([
  { range: undefined, got: '26.10.0' },
  { range: 'lts/*', got: '26.10.0' },
  { range: '>=18', got: '26.10.0' },
  { range: '>=27', got: '27.0.0' },
  { range: '22', got: '22.23.3' },
  { range: 'v22.1.0', got: '22.1.0' },
  { range: '18.x || 20.x', got: '20.9.0' },
])('$range gets $got', ({ range, got }) => expect(chooseNodeVersion(range, published)).toBe(got))

it.each(['16.x', '^99', 'next please', 'file:/etc'])('refuses %s', (range) => {
  expect(() => chooseNodeVersion(range, published)).toThrow(expect.objectContaining({ code: 'build_failed' }))
})

it('pairs each Node with the npm line it came with', () => {
  expect([npmRangeFor('18.20.4'), npmRangeFor('22.1.0'), npmRangeFor('26.10.0')]).toEqual(['10.x', '10.x', '11.x'])
})
