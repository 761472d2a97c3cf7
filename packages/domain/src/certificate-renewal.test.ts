import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CertificateLife, isDue, planRenewal, renewalRetryMs } from './certificate-renewal.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const NOW = 1000 * DAY_MS

/** Of a year, with so many days left. */
const left = (days: number, ours = true): CertificateLife => ({
  ...{ ours, notAfterMs: NOW + days * DAY_MS, notBeforeMs: NOW + (days - 365) * DAY_MS },
})
const calm = { last: {}, attached: false, engineAnswers: true }
const failed = (certificate: 'client' | 'server', failures: number, agoMs: number) => ({
  last: { [certificate]: { failures, atMs: NOW - agoMs, reason: 'it hung' } },
})

describe('what is done about the certificates between a host and us', () => {
  it.each([
    { title: 'fresh ones are left', client: left(300), server: left(300), step: { kind: 'leave' } },
    { title: 'a third of a year is not late yet', client: left(122), server: left(122), step: { kind: 'leave' } },
    { title: 'below it ours is renewed', client: left(121), server: left(300), step: { kind: 'renew', certificate: 'client' } },
    { title: 'and the engine’s', client: left(300), server: left(121), step: { kind: 'renew', certificate: 'server' } },
    { title: 'ours comes first', client: left(100), server: left(10), step: { kind: 'renew', certificate: 'client' } },
    {
      title: 'one that has ended is renewed too',
      client: left(-9),
      server: left(300),
      step: { kind: 'renew', certificate: 'client' },
    },
    { title: 'an engine that was not seen is left', client: left(300), server: undefined, step: { kind: 'leave' } },
    {
      title: 'another authority’s is not ours to renew',
      ...{ client: left(10, false), server: left(20, false), step: { kind: 'cannot', certificates: ['client', 'server'] } },
    },
    { title: 'and left while it is fresh', client: left(200, false), server: left(200, false), step: { kind: 'leave' } },
    {
      title: 'what is ours beside it is renewed',
      ...{ client: left(10, false), server: left(20), step: { kind: 'renew', certificate: 'server' } },
    },
    {
      title: 'nothing at an engine that does not answer',
      ...{ client: left(300), server: left(9), now: { engineAnswers: false }, step: { kind: 'leave' } },
    },
    {
      title: 'ours though its engine does not answer: it may be the reason',
      ...{ client: left(-1), server: left(9), now: { engineAnswers: false }, step: { kind: 'renew', certificate: 'client' } },
    },
    {
      title: 'no restart while somebody is attached there',
      ...{ client: left(300), server: left(100), now: { attached: true }, step: { kind: 'leave' } },
    },
    {
      title: 'but not for ever',
      ...{ client: left(300), server: left(60), now: { attached: true }, step: { kind: 'renew', certificate: 'server' } },
    },
    {
      title: 'a failed try is repeated after an hour',
      ...{
        client: left(300),
        server: left(90),
        now: failed('server', 1, HOUR_MS),
        step: { kind: 'renew', certificate: 'server' },
      },
    },
    {
      title: 'and not before',
      ...{ client: left(300), server: left(90), now: failed('server', 1, HOUR_MS - 1), step: { kind: 'leave' } },
    },
    {
      title: 'the failure of one does not delay the other',
      ...{ client: left(90), server: left(90), now: failed('client', 3, 0), step: { kind: 'renew', certificate: 'server' } },
    },
  ])('$title', ({ client, server, now, step }: Row) => {
    expect(planRenewal({ client, server }, { ...calm, ...now }, NOW)).toEqual(step)
  })
})

interface Row {
  client: CertificateLife
  server: CertificateLife | undefined
  now?: Partial<Parameters<typeof planRenewal>[1]>
  step: object
}

it.each([
  [0, HOUR_MS],
  [1, HOUR_MS],
  [2, 2 * HOUR_MS],
  [5, 16 * HOUR_MS],
  [6, 24 * HOUR_MS],
  [1000, 24 * HOUR_MS],
])('after %d failures in a row the next try is %d ms later', (failures, ms) => {
  expect(renewalRetryMs(failures)).toBe(ms)
})

it('a certificate that was just issued is never due, whatever its life, and always is at its end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5000 }), (days) => {
      const life = { notBeforeMs: NOW - DAY_MS, notAfterMs: NOW + days * DAY_MS }
      expect(isDue(life, NOW)).toBe(false)
      expect(isDue(life, life.notAfterMs)).toBe(true)
    }),
  )
})
