// The account: who am I. Heroku's CLI asks this with almost every command.
import { PlatformError } from '@paas/domain/errors'
import type { Store } from '@paas/store/store'
import { renameUser, type User } from '@paas/store/users'
import { z } from 'zod'
import { type ApiRouter, bodyOf, param } from '../request.ts'

const AccountUpdate = z.object({ name: z.string().max(200).optional() })

export function accountEndpoints(router: ApiRouter, { store }: { store: Store }): void {
  router.get('/account', (ctx) => {
    ctx.body = present(ctx.state.user)
  })

  router.patch('/account', async (ctx) => {
    const { name } = bodyOf(ctx, AccountUpdate)
    ctx.body = present(name === undefined ? ctx.state.user : await renameUser(store, ctx.state.user.id, name))
  })

  router.get('/users/:user', (ctx) => {
    const { user } = ctx.state
    if (!['~', user.id, user.email].includes(param(ctx, 'user'))) throw new PlatformError('not_found', "Couldn't find that user.")
    ctx.body = present(user)
  })
}

function present({ id, email, name, admin, createdAt, updatedAt }: User) {
  return {
    ...{ id, email, name, admin },
    allow_tracking: false,
    beta: false,
    country_of_residence: null,
    default_organization: null,
    default_team: null,
    delinquent_at: null,
    federated: false,
    identity_provider: null,
    last_login: null,
    sms_number: null,
    suspended_at: null,
    two_factor_authentication: false,
    verified: true,
    created_at: createdAt,
    updated_at: updatedAt,
  }
}
