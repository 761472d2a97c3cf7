// Builds: look and cancel. They begin with a git push.
import type { Settings } from '@paas/contract/settings'
import type { LogWriter } from '@paas/logs/types'
import type { App } from '@paas/store/apps'
import { cancelBuild } from '@paas/store/builds'
import { type BuildView, findBuildView, listBuildViews } from '@paas/store/releases-builds'
import type { Store } from '@paas/store/store'
import { announce } from '../platform-lines.ts'
import { MAX_PAGE, sendList } from '../ranges.ts'
import { type ApiRouter, appOf, type Context, found, param } from '../request.ts'
import type { Signer } from '../signed.ts'
import { stableId } from '../stable-id.ts'
import { apiUrl, publicAddress } from '../urls.ts'
import { STACK } from './platform.ts'

const STREAM_LIFE_MS = 24 * 3_600_000

/** Heroku has three words; a canceled build is a failed one there. */
const STATUS = { queued: 'pending', running: 'pending', succeeded: 'succeeded', failed: 'failed', canceled: 'failed' } as const

export interface BuildDeps {
  store: Store
  logs: { writer: LogWriter }
  signer: Signer
  settings: Pick<Settings, 'domain'>
}

export function buildEndpoints(router: ApiRouter, { store, logs, signer, settings }: BuildDeps): void {
  router.get('/apps/:app/builds', async (ctx) => {
    const app = await appOf(ctx, store)
    const all = await listBuildViews(store, app.id, MAX_PAGE)
    const key = ({ createdAt, number }: BuildView) => `${createdAt.toISOString()}.${String(number).padStart(10, '0')}`
    sendList(ctx, all, { field: 'created_at', key }, (build) => present(ctx, app, build))
  })

  router.get('/apps/:app/builds/:build', async (ctx) => {
    const app = await appOf(ctx, store)
    ctx.body = present(ctx, app, await buildOf(ctx, app))
  })

  router.delete('/apps/:app/builds/:build', async (ctx) => {
    const app = await appOf(ctx, store)
    const { id } = await buildOf(ctx, app)
    await cancelBuild(store, { appId: app.id, buildId: id })
    announce(logs.writer, app.id, `Build canceled by user ${ctx.state.user.email}`)
    ctx.status = 202
    ctx.body = present(ctx, app, await buildOf(ctx, app))
  })

  async function buildOf(ctx: Context, app: App): Promise<BuildView> {
    return found(await findBuildView(store, app.id, param(ctx, 'build')), 'build')
  }

  function present(ctx: Context, app: App, build: BuildView) {
    const { id, status, commit, buildpacks, user, slugId, releaseId, failure, createdAt, updatedAt } = build
    const signed = signer.sign({ kind: 'build', appId: app.id, buildId: id, expiresAt: Date.now() + STREAM_LIFE_MS })
    return {
      id,
      failure,
      app: { id: app.id, name: app.name },
      buildpacks: buildpacks.map((name) => ({ name, url: name })),
      generation: { id: stableId('generation:cedar'), name: 'cedar' },
      output_stream_url: apiUrl(publicAddress(ctx, settings), `/streams/builds/${signed}`),
      release: releaseId ? { id: releaseId } : null,
      slug: slugId ? { id: slugId } : null,
      source_blob: { checksum: null, url: null, version: commit, version_description: null, commit },
      stack: STACK.name,
      status: STATUS[status],
      user: user ?? { id: app.owner.id, email: app.owner.email },
      created_at: createdAt,
      updated_at: updatedAt,
    }
  }
}
