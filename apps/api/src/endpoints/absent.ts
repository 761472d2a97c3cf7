// What Heroku has and this platform has not: clients ask for these lists on
// their way to something else, and an empty one lets them go on.
import { PlatformError } from '@paas/domain/errors'
import type { Store } from '@paas/store/store'
import { type ApiRouter, appOf } from '../request.ts'

const EMPTY = [
  '/account/features',
  '/account/keys',
  '/addon-attachments',
  '/addon-services',
  '/addons',
  '/enterprise-accounts',
  '/pipelines',
  '/spaces',
  '/teams',
]
const EMPTY_OF_APP = ['addon-attachments', 'addons', 'features', 'log-drains', 'sni-endpoints', 'webhooks']

export function absentEndpoints(router: ApiRouter, { store }: { store: Store }): void {
  for (const path of EMPTY) {
    router.get(path, (ctx) => {
      ctx.body = []
    })
  }
  for (const noun of EMPTY_OF_APP) {
    router.get(`/apps/:app/${noun}`, async (ctx) => {
      await appOf(ctx, store)
      ctx.body = []
    })
  }
  router.get('/apps/:app/pipeline-couplings', async (ctx) => {
    await appOf(ctx, store)
    throw new PlatformError('not_found', 'That app is in no pipeline.')
  })
  router.get('/spaces/:space', () => {
    throw new PlatformError('not_found', "Couldn't find that space.")
  })
  router.get('/teams/:team', () => {
    throw new PlatformError('not_found', "Couldn't find that team.")
  })
}
