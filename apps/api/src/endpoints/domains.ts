// Domains: the app's own name under the platform's domain, and custom ones.
import type { Settings } from '@paas/contract/settings'
import { parseDomainName } from '@paas/domain/domain-name'
import { PlatformError } from '@paas/domain/errors'
import type { LogWriter } from '@paas/logs/types'
import type { App } from '@paas/store/apps'
import { addDomain, type Domain, findDomain, listDomains, removeDomain } from '@paas/store/domains'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { announce } from '../platform-lines.ts'
import { sendList } from '../ranges.ts'
import { type ApiRouter, appOf, bodyOf, type Context, found, param } from '../request.ts'
import { stableId } from '../stable-id.ts'

const NewDomain = z.object({ hostname: z.string(), sni_endpoint: z.null().optional() })

export interface DomainDeps {
  store: Store
  logs: { writer: LogWriter }
  settings: Pick<Settings, 'domain'>
}

export function domainEndpoints(router: ApiRouter, { store, logs, settings }: DomainDeps): void {
  router.get('/apps/:app/domains', async (ctx) => {
    const app = await appOf(ctx, store)
    const all = [presentOwn(app), ...(await listDomains(store, app.id)).map((domain) => present(app, domain))]
    sendList(ctx, all, { field: 'id', key: ({ id }) => id }, (domain) => domain)
  })

  router.post('/apps/:app/domains', async (ctx) => {
    const app = await appOf(ctx, store)
    const name = parseDomainName(bodyOf(ctx, NewDomain).hostname, settings.domain)
    if (name.kind === 'refused') throw new PlatformError('invalid_params', name.message)
    const domain = await addDomain(store, app.id, name.hostname)
    announce(logs.writer, app.id, `Add ${name.hostname} domain by user ${ctx.state.user.email}`)
    ctx.status = 201
    ctx.body = present(app, domain)
  })

  router.get('/apps/:app/domains/:domain', async (ctx) => {
    const app = await appOf(ctx, store)
    const own = presentOwn(app)
    const ref = param(ctx, 'domain')
    ctx.body = ref === own.hostname || ref === own.id ? own : present(app, await domainOf(ctx, app))
  })

  router.delete('/apps/:app/domains/:domain', async (ctx) => {
    const app = await appOf(ctx, store)
    const domain = await domainOf(ctx, app)
    await removeDomain(store, app.id, domain.id)
    announce(logs.writer, app.id, `Remove ${domain.hostname} domain by user ${ctx.state.user.email}`)
    ctx.body = present(app, domain)
  })

  async function domainOf(ctx: Context, app: App): Promise<Domain> {
    const ref = param(ctx, 'domain')
    const name = parseDomainName(ref, settings.domain)
    return found(await findDomain(store, app.id, name.kind === 'hostname' ? name.hostname : ref), 'domain name')
  }

  function presentOwn(app: App) {
    const domain = { id: stableId(`domain:${app.id}`), hostname: `${app.name}.${settings.domain}` }
    return { ...present(app, { ...domain, createdAt: app.createdAt, updatedAt: app.updatedAt }), kind: 'heroku', cname: null }
  }

  /** It routes as soon as it is stored, so there is nothing to wait for: `none`. */
  function present(app: App, { id, hostname, createdAt, updatedAt }: Omit<Domain, 'appId'>) {
    return {
      ...{ id, hostname },
      acm_status: null,
      acm_status_reason: null,
      app: { id: app.id, name: app.name },
      cname: `${app.name}.${settings.domain}` as string | null,
      kind: 'custom',
      sni_endpoint: null,
      status: 'none',
      created_at: createdAt,
      updated_at: updatedAt,
    }
  }
}
