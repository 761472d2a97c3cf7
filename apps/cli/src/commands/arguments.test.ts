import { expect, it } from 'vitest'
import { parseAssignment, quoteForShell } from './config.ts'
import { parseScale } from './ps.ts'
import { parseVersion } from './releases.ts'
import { joinCommand } from './run.ts'

it.each([
  ['web=3', { type: 'web', quantity: '3' }],
  ['web=0', { type: 'web', quantity: '0' }],
  ['web+1', { type: 'web', quantity: '+1' }],
  ['my-worker-2', { type: 'my-worker', quantity: '-2' }],
  ['web=+1', { type: 'web', quantity: '+1' }],
  ['web=2:Standard-2X', { type: 'web', quantity: '2', size: 'Standard-2X' }],
])('%s scales', (text, update) => {
  expect(parseScale(text)).toEqual(update)
})

it.each(['web', 'web=', 'web=x', '=3', 'web=1.5'])('%s does not scale', (text) => {
  expect(() => parseScale(text)).toThrow('is not TYPE=QUANTITY')
})

it.each([
  [['env | sort'], 'env | sort'],
  [['ls', '-la'], 'ls -la'],
  [['echo', 'two words', '$PORT'], 'echo "two words" $PORT'],
  [['sh', '-c', `say "it's"`, ''], `sh -c "say \\"it's\\"" ""`],
])('%j becomes %s', (args, line) => {
  expect(joinCommand(args)).toBe(line)
})

it('reads KEY=VALUE with equals in the value, and refuses what is not one', () => {
  expect(parseAssignment('A=b=c')).toEqual(['A', 'b=c'])
  expect(parseAssignment('A=')).toEqual(['A', ''])
  expect(() => parseAssignment('A')).toThrow('is not KEY=VALUE')
  expect(() => parseAssignment('=A')).toThrow('is not KEY=VALUE')
})

it('quotes values for a shell', () => {
  expect(quoteForShell('postgres://a:b@c/d')).toBe('postgres://a:b@c/d')
  expect(quoteForShell("it's $HOME")).toBe(`'it'\\''s $HOME'`)
  expect(quoteForShell('')).toBe("''")
})

it('reads versions as people say them', () => {
  expect([parseVersion('v12'), parseVersion('12')]).toEqual([12, 12])
  expect(() => parseVersion('twelve')).toThrow('is not a release')
})
