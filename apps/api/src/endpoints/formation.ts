// The formation: how many dynos, of which size, each process type shall have.

import type { LogWriter } from '@paas/logs/types'
import type { App } from '@paas/store/apps'
import { changeFormations, type Formation, listFormations } from '@paas/store/formations'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { announce } from '../platform-lines.ts'
import { sendList } from '../ranges.ts'
import { type ApiRouter, appOf, bodyOf, type Context, found, param } from '../request.ts'
import { stableId } from '../stable-id.ts'
import { shownCommand } from './dynos.ts'

const Size = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)])
const Change = z.object({
  /** Heroku's CLI sends a string, signed when relative; other clients a number. */
  quantity: z.union([z.number(), z.string()]).optional(),
  size: Size.optional(),
  dyno_size: Size.optional(),
})
const Changes = z.object({
  updates: z
    .array(Change.extend({ type: z.string() }))
    .min(1)
    .max(100),
})

export function formationEndpoints(router: ApiRouter, { store, logs }: { store: Store; logs: { writer: LogWriter } }): void {
  router.get('/apps/:app/formation', async (ctx) => {
    const app = await appOf(ctx, store)
    const all = await listFormations(store, app.id)
    sendList(ctx, all, { field: 'type', key: ({ type }) => type }, (formation) => present(app, formation))
  })

  router.get('/apps/:app/formation/:type', async (ctx) => {
    const app = await appOf(ctx, store)
    const type = param(ctx, 'type')
    const all = await listFormations(store, app.id)
    const one = all.find((formation) => formation.type === type || formation.id === type)
    ctx.body = present(app, found(one, 'process type'))
  })

  router.patch('/apps/:app/formation', async (ctx) => {
    const app = await appOf(ctx, store)
    ctx.body = (await change(ctx, app, bodyOf(ctx, Changes).updates)).map((formation) => present(app, formation))
  })

  router.patch('/apps/:app/formation/:type', async (ctx) => {
    const app = await appOf(ctx, store)
    const [changed] = await change(ctx, app, [{ ...bodyOf(ctx, Change), type: param(ctx, 'type') }])
    ctx.body = present(app, found(changed, 'process type'))
  })

  async function change(ctx: Context, app: App, updates: (z.infer<typeof Change> & { type: string })[]): Promise<Formation[]> {
    const changed = await changeFormations(
      store,
      app.id,
      updates.map(({ type, quantity, size, dyno_size }) => ({ type, quantity, size: size ?? dyno_size })),
    )
    const scaled = changed.map(({ type, quantity, size }) => `${type}@${quantity}:${size}`).join(' ')
    announce(logs.writer, app.id, `Scaled to ${scaled} by user ${ctx.state.user.email}`)
    return changed
  }
}

function present(app: App, { id, type, command, quantity, size, createdAt, updatedAt }: Formation) {
  return {
    ...{ id, type, quantity, size },
    app: { id: app.id, name: app.name },
    command: shownCommand(command),
    dyno_size: { id: stableId(`dyno-size:${size}`), name: size },
    created_at: createdAt,
    updated_at: updatedAt,
  }
}
