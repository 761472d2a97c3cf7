// OAuth authorizations: one access token each. The token is shown when it is
// made; later only its holder's own request shows it (`logout` looks for it),
// all others read as stars, since only their hash is stored.

import { PlatformError } from '@paas/domain/errors'
import { isUuid } from '@paas/store/apps'
import type { Store } from '@paas/store/store'
import {
  type Authorization,
  createToken,
  describeAuthorization,
  findAuthorization,
  listAuthorizations,
  revokeAuthorization,
  rotateToken,
} from '@paas/store/tokens'
import { z } from 'zod'
import { MissingResource } from '../errors.ts'
import { sendList } from '../ranges.ts'
import { type ApiRouter, bodyOf, type Context, param } from '../request.ts'

const MASKED = '**********'
const MAX_LIFE_SECONDS = 10 * 365 * 86_400

const NewAuthorization = z.object({
  description: z.string().max(500).nullish(),
  expires_in: z.number().int().min(1).max(MAX_LIFE_SECONDS).nullish(),
  scope: z.array(z.string()).nullish(),
})
const AuthorizationUpdate = z.object({ description: z.string().max(500).optional() })

export function authorizationEndpoints(router: ApiRouter, { store }: { store: Store }): void {
  router.get('/oauth/authorizations', async (ctx) => {
    const all = await listAuthorizations(store, ctx.state.user.id, new Date())
    sendList(ctx, all, { field: 'id', key: ({ id }) => id }, (authorization) => present(ctx, authorization))
  })

  router.post('/oauth/authorizations', async (ctx) => {
    const { description, expires_in, scope } = bodyOf(ctx, NewAuthorization)
    if (scope?.some((name) => name !== 'global')) {
      throw new PlatformError('invalid_params', 'Only the scope global is available')
    }
    const expiresAt = expires_in ? new Date(Date.now() + expires_in * 1000) : undefined
    const made = await createToken(store, { userId: ctx.state.user.id, description: description ?? '', expiresAt })
    ctx.status = 201
    ctx.body = present(ctx, made.authorization, made.token)
  })

  router.get('/oauth/authorizations/:id', async (ctx) => {
    ctx.body = present(ctx, await authorizationOf(ctx, store))
  })

  router.patch('/oauth/authorizations/:id', async (ctx) => {
    const { id } = await authorizationOf(ctx, store)
    const { description } = bodyOf(ctx, AuthorizationUpdate)
    if (description !== undefined) await describeAuthorization(store, ctx.state.user.id, id, description)
    ctx.body = present(ctx, await authorizationOf(ctx, store))
  })

  router.delete('/oauth/authorizations/:id', async (ctx) => {
    const authorization = await authorizationOf(ctx, store)
    await revokeAuthorization(store, ctx.state.user.id, authorization.id)
    ctx.body = present(ctx, authorization)
  })

  router.post('/oauth/authorizations/:id/actions/regenerate-tokens', async (ctx) => {
    const authorization = await authorizationOf(ctx, store)
    const token = await rotateToken(store, ctx.state.user.id, authorization.id)
    ctx.body = present(ctx, authorization, token)
  })

  router.get('/oauth/sessions', (ctx) => {
    ctx.body = []
  })

  router.delete('/oauth/sessions/:id', () => {
    throw new MissingResource('session', "Couldn't find that session.")
  })
}

/** `~`, Heroku's one API key per account, does not exist here: every token has a name. */
async function authorizationOf(ctx: Context, store: Store): Promise<Authorization> {
  const id = param(ctx, 'id')
  const authorization = isUuid(id) ? await findAuthorization(store, ctx.state.user.id, id) : undefined
  if (!authorization) throw new MissingResource('authorization', "Couldn't find that authorization.")
  return authorization
}

function present(ctx: Context, authorization: Authorization, made?: string) {
  const { id, description, scope, expiresAt, createdAt, updatedAt } = authorization
  const { user, authorizationId, token } = ctx.state
  const expiresIn = expiresAt ? Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000)) : null
  return {
    id,
    description,
    scope,
    access_token: { id, token: made ?? (id === authorizationId ? token : MASKED), expires_in: expiresIn },
    client: null,
    grant: null,
    refresh_token: null,
    session: null,
    user: { id: user.id, email: user.email, full_name: user.name },
    created_at: createdAt,
    updated_at: updatedAt,
  }
}
