import { expect, it } from 'vitest'
import { parseJson } from './body.ts'

it.each([
  { title: 'malformed', text: '{"a":' },
  { title: 'empty strings where a value belongs', text: '{"a":}' },
  { title: '100,000 levels deep', text: '['.repeat(100_000) },
  { title: '100,000 levels deep and closed', text: `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}` },
  { title: '__proto__', text: '{"__proto__": {"admin": true}}' },
  { title: '__proto__ in disguise', text: '{"a": [{"__pr\\u006fto__": 1}]}' },
])('refuses JSON that is $title', ({ text }) => {
  expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: 'bad_request' }))
})

it('counts no brackets inside strings', () => {
  const text = JSON.stringify({ a: `${'['.repeat(100)}"\\` })
  expect(parseJson(text)).toEqual(JSON.parse(text))
})
