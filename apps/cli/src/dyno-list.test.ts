import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { formatDynos } from './dyno-list.ts'
import type { Dyno } from './objects.ts'
import { styleFor } from './terminal.ts'

const now = Date.parse('2026-01-02T10:03:00Z')
const plain = styleFor(new PassThrough(), {})

function dyno(name: string, rest: Partial<Dyno> = {}): Dyno {
  const [type] = name.split('.') as [string]
  const at = '2026-01-02T10:00:00Z'
  return {
    name,
    type,
    state: 'up',
    size: 'Standard-1X',
    command: `node ${type}.js`,
    created_at: at,
    updated_at: at,
    release: { version: 3 },
    ...rest,
  }
}

it('shows one heading per type, web first, and its dynos by number', () => {
  const dynos = [dyno('clock.1'), dyno('web.10'), dyno('web.2')]
  expect(formatDynos(dynos, [], now, plain)).toEqual([
    '=== web (Standard-1X): node web.js (2)',
    '',
    'web.2: up 2026/01/02 10:00:00 +0000 (~ 3m ago)',
    'web.10: up 2026/01/02 10:00:00 +0000 (~ 3m ago)',
    '',
    '=== clock (Standard-1X): node clock.js (1)',
    '',
    'clock.1: up 2026/01/02 10:00:00 +0000 (~ 3m ago)',
  ])
})

it('says why a dyno is not up, and when it starts again', () => {
  const crashed = dyno('web.1', { state: 'crashed', reason: 'exited with status 1', retry_at: '2026-01-02T10:03:10Z' })
  expect(formatDynos([crashed], [], now, plain).at(-1)).toBe(
    'web.1: crashed 2026/01/02 10:00:00 +0000 (~ 3m ago): exited with status 1, starts again in 10s',
  )
})

it('says why a dyno has no place yet', () => {
  const waiting = dyno('web.3', { state: 'starting', reason: 'waiting: no host has 512 MB free (largest free: 300 MB on h2)' })
  expect(formatDynos([waiting], [], now, plain).at(-1)).toBe(
    'web.3: starting 2026/01/02 10:00:00 +0000 (~ 3m ago): waiting: no host has 512 MB free (largest free: 300 MB on h2)',
  )
})

it('shows wanted types that have no dyno yet, and not those scaled to 0', () => {
  const wanted = (type: string, quantity: number) => ({ type, quantity, size: 'Basic', command: './run' })
  expect(formatDynos([], [wanted('web', 2), wanted('worker', 0)], now, plain)).toEqual([
    '=== web (Basic): ./run (0)',
    '',
    'web: waiting for 2 to start',
  ])
})

it('names the command of each one-off dyno', () => {
  expect(formatDynos([dyno('run.7', { command: 'bash' })], [], now, plain)).toEqual([
    '=== run: one-off dynos',
    '',
    'run.7 (Standard-1X): up 2026/01/02 10:00:00 +0000 (~ 3m ago): bash',
  ])
})
