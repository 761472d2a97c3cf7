// Commands inside running dynos (`paas ps:exec`): asked for here, carried out
// by the scheduler when the client comes with the secret. Heroku's own CLI goes
// another way, over SSH to a service of its own.
import { PlatformError } from '@paas/domain/errors'
import { chooseExecDyno } from '@paas/domain/exec'
import { ATTACH_MS } from '@paas/domain/plan-one-off'
import { createExec, listExecCandidates } from '@paas/store/execs'
import { z } from 'zod'
import { announce } from '../platform-lines.ts'
import { type ApiRouter, appOf, bodyOf, param } from '../request.ts'
import { attachUrl, publicAddress } from '../urls.ts'
import { CommandShape, type DynoDeps, EnvShape } from './dynos.ts'

const NewExec = z.object({
  /** Absent: a shell. */
  command: CommandShape.nullish(),
  force_no_tty: z.boolean().nullish(),
  env: EnvShape.nullish(),
})

export function execEndpoints(router: ApiRouter, { store, logs, settings }: DynoDeps): void {
  router.post('/apps/:app/dynos/:dyno/actions/exec', async (ctx) => {
    const app = await appOf(ctx, store)
    const wanted = bodyOf(ctx, NewExec)
    const choice = chooseExecDyno(app.name, param(ctx, 'dyno'), await listExecCandidates(store, app.id))
    if (choice.kind === 'refused') throw new PlatformError(choice.code, choice.message, { hint: choice.hint })
    const command = wanted.command ?? null
    const asked = { dynoId: choice.id, command, tty: wanted.force_no_tty !== true, env: wanted.env ?? {} }
    const { id, secret, createdAt } = await createExec(store, app.id, asked, ATTACH_MS)
    const words = command === null ? 'a shell' : `\`${command}\``
    announce(logs.writer, app.id, `Starting ${words} in ${choice.name} by user ${ctx.state.user.email}`)
    ctx.status = 201
    ctx.body = {
      ...{ id, command, created_at: createdAt },
      app: { id: app.id, name: app.name },
      dyno: { id: choice.id, name: choice.name },
      attach_url: attachUrl(publicAddress(ctx, settings), settings, secret),
    }
  })
}
