import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeConnect, judgeFailure } from './forward-retry.ts'

describe('a failed connect', () => {
  it.each([
    { errorCode: 'ECONNREFUSED', got: { code: 'H21', quarantine: 'refused', retry: true } },
    { errorCode: 'ETIMEDOUT', got: { code: 'H19', quarantine: 'slow', retry: true } },
    { errorCode: 'EHOSTUNREACH', got: { code: 'H19', quarantine: 'slow', retry: true } },
    { errorCode: 'EMFILE', got: { code: 'H22', quarantine: undefined, retry: false } },
  ])('with $errorCode is $got.code', ({ errorCode, got }) => {
    expect(judgeConnect(errorCode)).toEqual(got)
  })
})

describe('a failed attempt', () => {
  const failure = {
    errorCode: 'ECONNRESET',
    reused: false,
    hasBody: false,
    bodySent: false,
    method: 'GET',
    lost: false,
    resent: 0,
  }
  it.each([
    { title: 'closed', over: {}, got: { code: 'H13', retry: undefined } },
    { title: 'closed under a GET on a kept connection', over: { reused: true }, got: { code: 'H13', retry: 'same' } },
    { title: 'closed so a third time', over: { reused: true, resent: 2 }, got: { code: 'H13', retry: undefined } },
    { title: 'closed under a POST on a kept connection', over: { reused: true, method: 'POST' }, got: { retry: undefined } },
    {
      title: 'closed under a PUT whose body had begun',
      over: { reused: true, method: 'PUT', hasBody: true, bodySent: true },
      got: { retry: undefined },
    },
    { title: 'lost under a GET', over: { lost: true }, got: { code: 'H13', retry: 'other' } },
    { title: 'lost under a HEAD', over: { lost: true, method: 'HEAD' }, got: { code: 'H13', retry: 'other' } },
    { title: 'lost again', over: { lost: true, resent: 1 }, got: { code: 'H13', retry: undefined } },
    { title: 'lost under a GET with a body', over: { lost: true, hasBody: true }, got: { code: 'H13', retry: undefined } },
    {
      title: 'lost under a DELETE on a kept connection',
      over: { lost: true, reused: true, method: 'DELETE' },
      got: { retry: undefined },
    },
    { title: 'unreadable', over: { errorCode: 'HPE_INVALID_CONSTANT', reused: true }, got: { code: 'H17', retry: undefined } },
    { title: 'too large', over: { errorCode: 'HPE_HEADER_OVERFLOW' }, got: { code: 'H25', retry: undefined } },
  ])('$title', ({ over, got }) => {
    expect(judgeFailure({ ...failure, ...over })).toMatchObject(got)
  })

  it('is never followed by a second POST, PATCH or body', () => {
    const circumstances = fc.record({
      errorCode: fc.constantFrom('ECONNRESET', 'EPIPE', 'ETIMEDOUT', undefined),
      reused: fc.boolean(),
      hasBody: fc.boolean(),
      bodySent: fc.boolean(),
      method: fc.constantFrom('GET', 'HEAD', 'PUT', 'DELETE', 'POST', 'PATCH', 'PURGE'),
      lost: fc.boolean(),
      resent: fc.nat(3),
    })
    fc.assert(
      fc.property(circumstances, (given) => {
        fc.pre(given.hasBody || !given.bodySent)
        const { retry } = judgeFailure(given)
        if (given.bodySent || ['POST', 'PATCH', 'PURGE'].includes(given.method) || given.resent >= 2)
          expect(retry).toBeUndefined()
      }),
    )
  })
})
