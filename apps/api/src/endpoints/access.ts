// Who may do what with an app: its owner, everything. Nobody else is let in
// yet, so adding a collaborator is refused rather than ignored.
import { PlatformError } from '@paas/domain/errors'
import type { App } from '@paas/store/apps'
import type { Store } from '@paas/store/store'
import { type ApiRouter, appOf } from '../request.ts'

export function accessEndpoints(router: ApiRouter, { store }: { store: Store }): void {
  router.get('/apps/:app/collaborators', async (ctx) => {
    ctx.body = [present(await appOf(ctx, store))]
  })

  router.post('/apps/:app/collaborators', async (ctx) => {
    await appOf(ctx, store)
    throw new PlatformError('forbidden', 'Apps of this platform have one owner and no collaborators')
  })
}

function present(app: App) {
  return {
    id: app.owner.id,
    app: { id: app.id, name: app.name },
    permissions: ['view', 'deploy', 'operate', 'manage'].map((name) => ({ name, description: '' })),
    role: 'owner',
    user: { ...app.owner, federated: false },
    created_at: app.createdAt,
    updated_at: app.createdAt,
  }
}
