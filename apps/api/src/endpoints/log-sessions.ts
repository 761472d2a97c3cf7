// Log sessions: an address from which, for an hour, an app's log can be read.
import type { Settings } from '@paas/contract/settings'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { type ApiRouter, appOf, bodyOf } from '../request.ts'
import type { Signer } from '../signed.ts'
import { apiUrl, publicAddress } from '../urls.ts'

/** How long the address works, also for coming back after a broken connection. */
const SESSION_MS = 3_600_000
const DEFAULT_LINES = 100 // Heroku's
const MAX_LINES = 10_000 // all there is

const NewSession = z.object({
  lines: z.coerce.number().int().min(0).nullish(),
  tail: z.boolean().nullish(),
  source: z.enum(['app', 'heroku']).nullish(),
  dyno: z.string().max(100).nullish(),
  /** Newer clients say `web` here rather than as a dyno. */
  type: z.string().max(100).nullish(),
})

export interface LogSessionDeps {
  store: Store
  signer: Signer
  settings: Pick<Settings, 'domain'>
}

export function logSessionEndpoints(router: ApiRouter, { store, signer, settings }: LogSessionDeps): void {
  router.post('/apps/:app/log-sessions', async (ctx) => {
    const app = await appOf(ctx, store)
    const { lines, tail, source, dyno, type } = bodyOf(ctx, NewSession)
    const which = dyno || type
    const signed = signer.sign({
      kind: 'logs',
      appId: app.id,
      lines: Math.min(lines ?? DEFAULT_LINES, MAX_LINES),
      tail: tail === true,
      ...(source ? { source } : {}),
      ...(which ? { dyno: which } : {}),
      expiresAt: Date.now() + SESSION_MS,
    })
    const now = new Date()
    ctx.status = 201
    ctx.body = {
      id: crypto.randomUUID(),
      logplex_url: apiUrl(publicAddress(ctx, settings), `/streams/logs/${signed}`),
      created_at: now,
      updated_at: now,
    }
  })
}
