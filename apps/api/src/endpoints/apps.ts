// Apps: create, look, rename, maintenance, destroy.
import { randomInt } from 'node:crypto'
import type { Settings } from '@paas/contract/settings'
import { proposeAppName, refuseAppName } from '@paas/domain/app-name'
import { PlatformError } from '@paas/domain/errors'
import type { LogWriter } from '@paas/logs/types'
import { type App, changeApp, createApp, destroyApp, listApps } from '@paas/store/apps'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { announce } from '../platform-lines.ts'
import { sendList } from '../ranges.ts'
import { type ApiRouter, appOf, bodyOf, type Context, param } from '../request.ts'
import { stableId } from '../stable-id.ts'
import { gitUrl, publicAddress, webUrl } from '../urls.ts'
import { REGION, refuseRegion, refuseStack, STACK } from './platform.ts'

const Named = z.union([z.string(), z.object({ id: z.string() }), z.object({ name: z.string() })])
const NewApp = z.object({ name: z.string().nullish(), region: Named.nullish(), stack: Named.nullish() })
const AppUpdate = z.object({ name: z.string().optional(), maintenance: z.boolean().optional(), build_stack: Named.optional() })

const GENERATED_TRIES = 5

export interface AppDeps {
  store: Store
  logs: { writer: LogWriter }
  settings: Pick<Settings, 'domain'>
}

export function appEndpoints(router: ApiRouter, { store, logs, settings }: AppDeps): void {
  const present = (ctx: Context, app: App) => presentApp(ctx, app, settings)

  for (const path of ['/apps', '/users/:user/apps']) {
    router.get(path, async (ctx) => {
      const { user } = ctx.state
      const own = path !== '/apps'
      if (own && !['~', user.id, user.email].includes(param(ctx, 'user')))
        throw new PlatformError('not_found', "Couldn't find that user.")
      const apps = await listApps(store, own ? { id: user.id, admin: false } : user)
      // The CLI asks for apps by id, but reads them as a list by name.
      const field = /^\s*id\b/.test(ctx.get('range')) ? 'id' : 'name'
      sendList(ctx, apps, { field, key: (app) => app[field] }, (app) => present(ctx, app))
    })
  }

  router.post('/apps', async (ctx) => {
    const { name, region, stack } = bodyOf(ctx, NewApp)
    if (region) refuseRegion(region)
    if (stack) refuseStack(stack)
    const app = name ? await createApp(store, ctx.state.user, checkedName(name)) : await createNamed(store, ctx.state.user)
    announce(logs.writer, app.id, `Initial release by user ${ctx.state.user.email}`)
    announce(logs.writer, app.id, `Release v1 created by user ${ctx.state.user.email}`)
    ctx.status = 201
    ctx.body = present(ctx, app)
  })

  router.get('/apps/:app', async (ctx) => {
    ctx.body = present(ctx, await appOf(ctx, store))
  })

  router.patch('/apps/:app', async (ctx) => {
    const app = await appOf(ctx, store)
    const { name, maintenance, build_stack } = bodyOf(ctx, AppUpdate)
    if (build_stack) refuseStack(build_stack)
    const renamed = name !== undefined && name !== app.name ? checkedName(name) : undefined
    const changed = await changeApp(store, app.id, { name: renamed, maintenance })
    const by = `by user ${ctx.state.user.email}`
    if (renamed) announce(logs.writer, app.id, `Renamed from ${app.name} to ${renamed} ${by}`)
    if (maintenance !== undefined) announce(logs.writer, app.id, `Maintenance mode ${maintenance ? 'enabled' : 'disabled'} ${by}`)
    ctx.body = present(ctx, changed)
  })

  router.delete('/apps/:app', async (ctx) => {
    const app = await appOf(ctx, store)
    await destroyApp(store, app.id)
    ctx.body = present(ctx, app)
  })
}

function checkedName(name: string): string {
  const refusal = refuseAppName(name)
  if (refusal) throw new PlatformError('invalid_params', refusal)
  return name
}

async function createNamed(store: Store, owner: { id: string }): Promise<App> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await createApp(
        store,
        owner,
        proposeAppName((below) => randomInt(below)),
      )
    } catch (error) {
      if (tries === GENERATED_TRIES || !(error instanceof PlatformError) || error.code !== 'name_taken') throw error
    }
  }
}

export function presentApp(ctx: Context, app: App, settings: Pick<Settings, 'domain'>) {
  const address = publicAddress(ctx, settings)
  return {
    id: app.id,
    name: app.name,
    acm: false,
    archived_at: null,
    buildpack_provided_description: null,
    build_stack: { id: STACK.id, name: STACK.name },
    create_status: 'complete',
    created_at: app.createdAt,
    generation: { id: stableId('generation:cedar'), name: 'cedar' },
    git_url: gitUrl(address, app.name),
    internal_routing: null,
    maintenance: app.maintenance,
    organization: null,
    owner: app.owner,
    region: { id: REGION.id, name: REGION.name },
    released_at: app.releasedAt,
    repo_size: app.repoBytes,
    slug_size: app.slugBytes,
    space: null,
    stack: { id: STACK.id, name: STACK.name },
    team: null,
    updated_at: app.updatedAt,
    web_url: webUrl(address, settings, app.name),
  }
}
