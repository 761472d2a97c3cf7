import { describe, expect, it } from 'vitest'
import { connectionOf } from './connection.ts'

describe('connectionOf', () => {
  it.each([
    { url: 'redis://localhost', got: { host: 'localhost', port: 6379 } },
    { url: 'redis://:s%20x@10.0.0.1:6380/2', got: { host: '10.0.0.1', port: 6380, password: 's x', db: 2 } },
    { url: 'rediss://u:p@cache', got: { host: 'cache', port: 6379, username: 'u', password: 'p', tls: {} } },
    { url: 'unix:///run/paas/redis.sock', got: { path: '/run/paas/redis.sock' } },
    { url: 'redis+unix:///run/paas/redis.sock?db=1', got: { path: '/run/paas/redis.sock', db: 1 } },
  ])('reads $url', ({ url, got }) => {
    expect(connectionOf(url)).toEqual(got)
  })

  it('refuses what is not a Redis URL', () => {
    expect(() => connectionOf('http://localhost')).toThrow(expect.objectContaining({ code: 'settings_invalid' }))
    expect(() => connectionOf('localhost')).toThrow(expect.objectContaining({ code: 'settings_invalid' }))
  })
})
