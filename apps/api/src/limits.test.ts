import { describe, expect, it } from 'vitest'
import { LoginAttempts, RequestQuota } from './limits.ts'

describe('RequestQuota', () => {
  it('gives an hour’s worth at once, then refuses until it has refilled', () => {
    const quota = new RequestQuota(3600)
    for (let left = 3599; left >= 0; left -= 1) expect(quota.take('a', 0)).toBe(left)
    expect(quota.take('a', 0)).toBe(-1)
    expect(quota.take('a', 999)).toBe(-1)
    expect(quota.take('a', 1000)).toBe(0)
    expect(quota.take('a', 1000)).toBe(-1)
  })

  it('leaves others alone', () => {
    const quota = new RequestQuota(1)
    quota.take('a', 0)
    expect(quota.take('a', 0)).toBe(-1)
    expect(quota.take('b', 0)).toBe(0)
  })
})

describe('LoginAttempts', () => {
  it('locks a person out of one address after ten failures, for 15 minutes, and nowhere else', () => {
    const attempts = new LoginAttempts()
    for (let i = 0; i < 10; i += 1) attempts.failed('a@b', '1.1.1.1', 0)
    expect(attempts.allowed('A@b ', '1.1.1.1', 0)).toBe(false)
    expect(attempts.allowed('a@b', '2.2.2.2', 0)).toBe(true)
    expect(attempts.allowed('c@d', '1.1.1.1', 0)).toBe(true)
    expect(attempts.allowed('a@b', '1.1.1.1', 15 * 60_000)).toBe(true)
  })

  it('locks an address out after fifty failures with any names', () => {
    const attempts = new LoginAttempts()
    for (let i = 0; i < 50; i += 1) attempts.failed(`u${i}@b`, '1.1.1.1', 0)
    expect(attempts.allowed('new@b', '1.1.1.1', 0)).toBe(false)
  })
})
