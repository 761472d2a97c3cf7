import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { sized, sizeOf } from './terminal.ts'

it('starts a command in a terminal of the size, with its arguments as they are', () => {
  const command = sized({ cols: 91, rows: 31 }, ['/bin/sh', '-c', 'stty size; echo "$0|$1"', 'a b', '$HOME'])
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const { stdout } = spawnSync('script', ['--quiet', '--command', quoted, '/dev/null'], { encoding: 'utf8' })
  expect(stdout.replaceAll('\r', '')).toBe('31 91\na b|$HOME\n')
})

it('leaves a command alone that has no terminal', () => {
  expect(sized(undefined, ['a', 'b'])).toEqual(['a', 'b'])
})

it.for([
  [
    { COLUMNS: '91', LINES: '31' },
    { cols: 91, rows: 31 },
  ],
  [{ COLUMNS: '91' }, undefined],
  [{ COLUMNS: '0', LINES: '0' }, undefined],
  [{ COLUMNS: '1; reboot', LINES: '31' }, undefined],
] as const)('reads the size from %o', ([env, size]) => {
  expect(sizeOf(env as Record<string, string>)).toEqual(size)
})
