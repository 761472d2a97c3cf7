import { expect, it } from 'vitest'
import { wantsLine } from './log-filter.ts'
import { formatLogLine } from './log-line.ts'
import { formatDropNotice } from './log-notice.ts'

it('prints a line as Logplex does', () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678) * 1000 + 901
  expect(formatLogLine({ at, source: 'app', dyno: 'web.1', text: 'hi' })).toBe('2026-01-02T03:04:05.678901+00:00 app[web.1]: hi')
  expect(formatDropNotice('L10', 7, at)).toBe(
    'Error L10 (output buffer overflow): 7 messages dropped since 2026-01-02T03:04:05.678901+00:00.',
  )
})

it.each([
  { filter: {}, wanted: true },
  { filter: { source: 'app' as const }, wanted: true },
  { filter: { source: 'heroku' as const }, wanted: false },
  { filter: { dyno: 'web.1' }, wanted: true },
  { filter: { dyno: 'web' }, wanted: true },
  { filter: { dyno: 'we' }, wanted: false },
  { filter: { dyno: 'web.10' }, wanted: false },
])('app[web.1] under $filter: $wanted', ({ filter, wanted }) => {
  expect(wantsLine(filter, 'app', 'web.1')).toBe(wanted)
})
