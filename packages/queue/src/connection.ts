// Where Redis is, from one URL. ioredis knows TCP URLs itself but takes a unix
// socket only as `path`, so those are read here.
import { PlatformError } from '@paas/domain/errors'

export interface RedisConnection {
  host?: string
  port?: number
  path?: string
  username?: string
  password?: string
  db?: number
  tls?: object
}

/** Reads `redis://`, `rediss://`, `unix:///path` and `redis+unix:///path`; `?db=1` or, over TCP, `/1` picks the database. Throws `settings_invalid`. */
export function connectionOf(redisUrl: string): RedisConnection {
  const url = URL.canParse(redisUrl) ? new URL(redisUrl) : undefined
  if (!url)
    throw new PlatformError('settings_invalid', 'The Redis URL is not a URL', {
      hint: 'redis://host:6379 or unix:///run/redis.sock',
    })
  const db = url.searchParams.get('db') ?? (url.protocol.startsWith('redis') && url.host ? url.pathname.slice(1) : '')
  const common = {
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(db && { db: Number(db) }),
  }
  switch (url.protocol) {
    case 'unix:':
    case 'redis+unix:':
      return { ...common, path: decodeURIComponent(url.pathname) }
    case 'redis:':
    case 'rediss:':
      return {
        ...common,
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: Number(url.port || 6379),
        ...(url.protocol === 'rediss:' && { tls: {} }),
      }
    default:
      throw new PlatformError('settings_invalid', `The Redis URL begins with ${url.protocol}//, which is not known`, {
        hint: 'redis://, rediss://, unix:// or redis+unix://',
      })
  }
}
