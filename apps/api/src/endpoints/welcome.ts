// What anybody may see: the front page for people who open the address in a
// browser, the platform's CA certificate, and whether the api is well.
import { readFile } from 'node:fs/promises'
import { paths, type Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { isReachable } from '@paas/store/apps'
import type { Store } from '@paas/store/store'
import { frontPage, frontPagePolicy } from '../front-page.ts'
import { type ApiRouter, found } from '../request.ts'
import { apiUrl, publicAddress } from '../urls.ts'

export function welcomeEndpoints(
  router: ApiRouter,
  { store, settings }: { store: Store; settings: Pick<Settings, 'domain' | 'dataDir' | 'httpsPort'> },
): void {
  router.get('/', (ctx) => {
    const url = apiUrl(publicAddress(ctx, settings), '')
    ctx.set('Vary', 'Accept')
    if (ctx.accepts('json', 'html') === 'html') {
      ctx.set('Content-Security-Policy', frontPagePolicy)
      ctx.type = 'html'
      ctx.body = frontPage(url, `https://${settings.domain}${settings.httpsPort === 443 ? '' : `:${settings.httpsPort}`}`)
      return
    }
    ctx.body = { name: 'paas', message: 'The Platform API, in the manner of Heroku’s version 3', url: `${url}/` }
  })

  router.get('/ca.pem', async (ctx) => {
    const pem = await readFile(paths.caCertificate(settings), 'utf8').catch(() => undefined)
    ctx.type = 'application/x-pem-file'
    ctx.attachment('paas-ca.pem')
    ctx.body = found(pem, 'certificate')
  })

  router.get('/health', async (ctx) => {
    if (!(await isReachable(store))) throw new PlatformError('store_unreachable', 'The database does not answer')
    ctx.body = { status: 'ok' }
  })
}
