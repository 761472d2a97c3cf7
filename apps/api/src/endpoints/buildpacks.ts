// Buildpack installations: the explicit list for the next builds, in order.
// Empty: the language is detected.
import type { LogWriter } from '@paas/logs/types'
import { changeApp } from '@paas/store/apps'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { announce } from '../platform-lines.ts'
import { type ApiRouter, appOf, bodyOf } from '../request.ts'

const MAX_BUILDPACKS = 20
const Buildpack = z
  .string()
  .max(500)
  .regex(/^[A-Za-z0-9][A-Za-z0-9+._~:/?#@!$&'()*,;=%-]*$/, 'is not the name or address of a buildpack')
const Installations = z.object({ updates: z.array(z.object({ buildpack: Buildpack })).max(MAX_BUILDPACKS) })

export function buildpackEndpoints(router: ApiRouter, { store, logs }: { store: Store; logs: { writer: LogWriter } }): void {
  router.get('/apps/:app/buildpack-installations', async (ctx) => {
    ctx.body = present((await appOf(ctx, store)).buildpacks)
  })

  router.put('/apps/:app/buildpack-installations', async (ctx) => {
    const app = await appOf(ctx, store)
    const { updates } = bodyOf(ctx, Installations)
    const { buildpacks } = await changeApp(store, app.id, { buildpacks: updates.map(({ buildpack }) => buildpack) })
    announce(logs.writer, app.id, `Set buildpacks to ${buildpacks.join(', ') || 'detected ones'} by user ${ctx.state.user.email}`)
    ctx.body = present(buildpacks)
  })
}

function present(buildpacks: readonly string[]) {
  return buildpacks.map((name, ordinal) => ({ ordinal, buildpack: { name: name.replace(/^urn:buildpack:/, ''), url: name } }))
}
