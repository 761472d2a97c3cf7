// Releases: look, roll back, release a slug again.
import type { Settings } from '@paas/contract/settings'
import type { LogWriter } from '@paas/logs/types'
import type { App } from '@paas/store/apps'
import { findRelease, listReleases, type Release } from '@paas/store/releases'
import { releaseRollback, releaseSlug } from '@paas/store/releases-make'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { announce } from '../platform-lines.ts'
import { parseRange, sendPage } from '../ranges.ts'
import { type ApiRouter, appOf, bodyOf, type Context, found, param } from '../request.ts'
import type { Signer } from '../signed.ts'
import { apiUrl, publicAddress } from '../urls.ts'

const STREAM_LIFE_MS = 24 * 3_600_000

const NewRelease = z.union([
  z.object({ release: z.string() }),
  z.object({ slug: z.string(), description: z.string().max(500).optional() }),
])

export interface ReleaseDeps {
  store: Store
  logs: { writer: LogWriter }
  signer: Signer
  settings: Pick<Settings, 'domain'>
}

export function releaseEndpoints(router: ApiRouter, { store, logs, signer, settings }: ReleaseDeps): void {
  router.get('/apps/:app/releases', async (ctx) => {
    const app = await appOf(ctx, store)
    const range = parseRange(ctx.get('range'), 'version')
    const from = /^\d{1,9}$/.test(range.from ?? '') ? Number(range.from) : undefined
    const step = range.exclusive ? (range.order === 'asc' ? 1 : -1) : 0
    const rows = await listReleases(store, app.id, {
      order: range.order,
      take: range.max + 1,
      from: from === undefined ? undefined : from + step,
    })
    sendPage(ctx, rows, range, { field: 'version', key: ({ version }) => String(version) }, (release) =>
      present(ctx, app, release),
    )
  })

  router.get('/apps/:app/releases/:release', async (ctx) => {
    const app = await appOf(ctx, store)
    ctx.body = present(ctx, app, found(await findRelease(store, app.id, param(ctx, 'release')), 'release'))
  })

  router.post('/apps/:app/releases', async (ctx) => {
    const app = await appOf(ctx, store)
    const { user } = ctx.state
    const wanted = bodyOf(ctx, NewRelease)
    const made =
      'release' in wanted
        ? await releaseRollback(store, app.id, user.id, found(await findRelease(store, app.id, wanted.release), 'release').id)
        : await releaseSlug(store, app.id, user.id, { slugId: wanted.slug, description: wanted.description })
    announce(logs.writer, app.id, `${made.description} by user ${user.email}`)
    announce(logs.writer, app.id, `Release v${made.version} created by user ${user.email}`)
    ctx.status = 201
    ctx.body = present(ctx, app, found(await findRelease(store, app.id, made.id), 'release'))
  })

  function present(ctx: Context, app: App, release: Release) {
    const { id, version, status, description, slugId, user, current, failure, createdAt, updatedAt } = release
    return {
      ...{ id, version, status, description, current, failure },
      addon_plan_names: [],
      app: { id: app.id, name: app.name },
      artifacts: [],
      eligible_for_rollback: release.eligibleForRollback,
      output_stream_url: release.hasPhase ? outputUrl(ctx, app, version) : null,
      slug: slugId ? { id: slugId } : null,
      user: user ?? { id: app.owner.id, email: app.owner.email },
      created_at: createdAt,
      updated_at: updatedAt,
    }
  }

  function outputUrl(ctx: Context, app: App, version: number): string {
    const expiresAt = Date.now() + STREAM_LIFE_MS
    return apiUrl(
      publicAddress(ctx, settings),
      `/streams/releases/${signer.sign({ kind: 'release', appId: app.id, version, expiresAt })}`,
    )
  }
}
