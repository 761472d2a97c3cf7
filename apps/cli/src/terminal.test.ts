import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { columns, formatAgo, formatBytes, formatTime, styleFor } from './terminal.ts'

const now = Date.parse('2026-01-02T10:00:00Z')
const terminal = Object.assign(new PassThrough(), { isTTY: true })

it('prints times as Heroku does', () => {
  expect(formatTime('2026-01-02T03:04:05.678Z')).toBe('2026/01/02 03:04:05 +0000')
  expect(formatTime('nonsense')).toBe('nonsense')
})

it.each([
  ['2026-01-02T09:59:30Z', '~ 30s ago'],
  ['2026-01-02T09:57:00Z', '~ 3m ago'],
  ['2026-01-02T05:00:00Z', '~ 5h ago'],
  ['2025-12-30T10:00:00Z', '~ 3d ago'],
  ['2026-01-02T10:00:05Z', '~ 0s ago'],
])('%s was %s', (at, ago) => {
  expect(formatAgo(at, now)).toBe(ago)
})

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1500, '1.5 kB'],
  [1000, '1 kB'],
  [999_900, '1 MB'],
  [52_428_800, '52 MB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

it('aligns columns by what is seen, and leaves no spaces at the end', () => {
  const { green } = styleFor(terminal, {})
  expect(
    columns([
      [green('A:'), '1'],
      ['LONG:', ''],
      ['B:', '2'],
    ]),
  ).toEqual([`${green('A:')}     1`, 'LONG:', 'B:     2'])
})

it.each([
  { title: 'a terminal', output: terminal, env: {}, coloured: true },
  { title: 'NO_COLOR', output: terminal, env: { NO_COLOR: '1' }, coloured: false },
  { title: 'a dumb terminal', output: terminal, env: { TERM: 'dumb' }, coloured: false },
  { title: 'a pipe', output: new PassThrough(), env: {}, coloured: false },
])('colours on $title: $coloured', ({ output, env, coloured }) => {
  expect(styleFor(output, env).red('x') !== 'x').toBe(coloured)
})
