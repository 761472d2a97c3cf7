// Config vars. A change is a release; the answer is always the whole set.
import type { LogWriter } from '@paas/logs/types'
import { readConfig, readReleaseConfig } from '@paas/store/config'
import { findRelease } from '@paas/store/releases'
import { releaseConfig } from '@paas/store/releases-make'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { announce } from '../platform-lines.ts'
import { type ApiRouter, appOf, bodyOf, found, param } from '../request.ts'

/** What a key and a value may be is the domain's to say: it names the key in its refusal. */
const Changes = z.record(z.string(), z.unknown())

export function configVarEndpoints(router: ApiRouter, { store, logs }: { store: Store; logs: { writer: LogWriter } }): void {
  router.get('/apps/:app/config-vars', async (ctx) => {
    const app = await appOf(ctx, store)
    ctx.body = await readConfig(store, app.id)
  })

  router.patch('/apps/:app/config-vars', async (ctx) => {
    const app = await appOf(ctx, store)
    const { vars, release } = await releaseConfig(store, app.id, ctx.state.user.id, bodyOf(ctx, Changes))
    if (release) {
      announce(logs.writer, app.id, `${release.description} by user ${ctx.state.user.email}`)
      announce(logs.writer, app.id, `Release v${release.version} created by user ${ctx.state.user.email}`)
    }
    ctx.body = vars
  })

  router.get('/apps/:app/releases/:release/config-vars', async (ctx) => {
    const app = await appOf(ctx, store)
    const { version } = found(await findRelease(store, app.id, param(ctx, 'release')), 'release')
    ctx.body = found(await readReleaseConfig(store, app.id, version), 'release')
  })
}
