// What every handler is given: who asks, the body, and the app the path names.
import Router from '@koa/router'
import { PlatformError } from '@paas/domain/errors'
import { type App, findApp } from '@paas/store/apps'
import type { Store } from '@paas/store/store'
import type { User } from '@paas/store/users'
import type { ParameterizedContext } from 'koa'
import type { ZodType } from 'zod'
import { noSuchEndpoint } from './errors.ts'

export interface State {
  requestId: string
  /** Set behind the authentication; public endpoints do without. */
  user: User
  authorizationId: string
  /** The token of this request, as it came: shown back only to whom it belongs. */
  token: string
  /** The JSON body; `{}` when there was none. */
  body: unknown
  /** As it came, byte for byte. */
  rawBody: string
}

export type Context = ParameterizedContext<State>
export type ApiRouter = Router<State>

export function createRouter(): ApiRouter {
  return new Router<State>()
}

/** The body in this shape; throws `invalid_params` and says where it differs. */
export function bodyOf<T>(ctx: Context, shape: ZodType<T>): T {
  const result = shape.safeParse(ctx.state.body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const where = issue?.path.join('.')
  throw new PlatformError('invalid_params', `${where ? `${where}: ` : ''}${issue?.message ?? 'The body has the wrong shape'}`)
}

/** One part of the path. */
export function param(ctx: Context, name: string): string {
  return (ctx['params'] as Record<string, string | undefined>)[name] ?? ''
}

/** The app that the path names by name or id, if it is the asker's; throws `not_found` for all others alike. */
export async function appOf(ctx: Context, store: Store): Promise<App> {
  const name = param(ctx, 'app')
  const app = await findApp(store, ctx.state.user, name)
  if (!app) throw new PlatformError('not_found', `No app named ${name}`, { hint: '`paas apps` lists yours.' })
  return app
}

/** To everybody else there is no such endpoint; called before the body is looked at. */
export function adminOnly(ctx: Context): void {
  if (!ctx.state.user.admin) throw noSuchEndpoint()
}

export function found<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new PlatformError('not_found', `Couldn't find that ${what}.`)
  return thing
}
