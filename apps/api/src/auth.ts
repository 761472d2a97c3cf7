// Who asks. A token comes as Bearer, or as the password of any Basic header,
// since git, docker and Heroku's data tools can send nothing else. E-mail and
// password open one door only: POST /oauth/authorizations, which makes a token.
import { PlatformError } from '@paas/domain/errors'
import type { Store } from '@paas/store/store'
import { findTokenHolder } from '@paas/store/tokens'
import { type User, verifyPassword } from '@paas/store/users'
import type { Middleware } from 'koa'
import type { LoginAttempts, RequestQuota } from './limits.ts'
import type { Context, State } from './request.ts'

const UNAUTHORIZED = 'Invalid credentials provided.'

export interface AuthDeps {
  store: Store
  quota: RequestQuota
  attempts: LoginAttempts
}

/** Lets a request pass that names its user, and counts it against the token's hourly quota. One answer to every other. */
export function authenticate({ store, quota, attempts }: AuthDeps): Middleware<State> {
  return async (ctx, next) => {
    const { user, key } = (await byToken(ctx, store)) ?? (await byPassword(ctx, store, attempts)) ?? refuse()
    ctx.state.user = user
    const remaining = quota.take(key, Date.now())
    ctx.set('RateLimit-Remaining', String(Math.max(0, remaining)))
    if (remaining < 0) {
      throw new PlatformError(
        'rate_limit',
        'Your account reached the API rate limit. Please wait a few minutes before making new requests.',
      )
    }
    await next()
  }
}

async function byToken(ctx: Context, store: Store): Promise<{ user: User; key: string } | undefined> {
  const token = tokenOf(ctx.get('authorization'))
  const holder = token === undefined ? undefined : await findTokenHolder(store, token, new Date())
  if (!token || !holder) return undefined
  ctx.state.token = token
  ctx.state.authorizationId = holder.authorizationId
  return { user: holder.user, key: holder.authorizationId }
}

async function byPassword(ctx: Context, store: Store, attempts: LoginAttempts): Promise<{ user: User; key: string } | undefined> {
  if (ctx.method !== 'POST' || ctx.path !== '/oauth/authorizations') return undefined
  const basic = basicOf(ctx.get('authorization'))
  if (!basic?.user.includes('@')) return undefined
  const from = clientAddress(ctx)
  if (!attempts.allowed(basic.user, from, Date.now())) {
    throw new PlatformError('rate_limit', 'Too many failed logins. Please wait 15 minutes.')
  }
  const user = await verifyPassword(store, basic.user, basic.password)
  if (!user) {
    attempts.failed(basic.user, from, Date.now())
    return undefined
  }
  attempts.succeeded(basic.user, from)
  return { user, key: `password:${user.id}` }
}

function refuse(): never {
  throw new PlatformError('unauthorized', UNAUTHORIZED)
}

/** The token of an Authorization header, in any of Heroku's forms. */
export function tokenOf(header: string): string | undefined {
  return /^bearer +(\S+)$/i.exec(header)?.[1] ?? basicOf(header)?.password
}

function basicOf(header: string): { user: string; password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=_-]+)$/i.exec(header)?.[1]
  if (!encoded) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The router appends the address it saw on the right; what stands before it is the client's own claim. */
export function clientAddress(ctx: Context): string {
  return ctx.get('x-forwarded-for').split(',').at(-1)?.trim() ?? ''
}
