// Dynos: what runs, restart and stop (wishes that the scheduler carries out),
// and one-off dynos.
import type { Settings } from '@paas/contract/settings'
import { DEFAULT_DYNO_SIZE, findDynoSize } from '@paas/domain/dyno-size'
import { PlatformError } from '@paas/domain/errors'
import { unknownSize } from '@paas/domain/formation'
import { withoutHosts } from '@paas/domain/placement-public'
import type { LogWriter } from '@paas/logs/types'
import type { App } from '@paas/store/apps'
import { createOneOff, type DynoView, listDynos, type Wish, wishDynos } from '@paas/store/dynos-api'
import { listFormations } from '@paas/store/formations'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { announce } from '../platform-lines.ts'
import { sendList } from '../ranges.ts'
import { type ApiRouter, appOf, bodyOf, type Context, found, param } from '../request.ts'
import { attachUrl, publicAddress } from '../urls.ts'

const MAX_COMMAND = 32_768
const MAX_ENV_BYTES = 65_536
const text = z
  .string()
  .refine((value) => !value.includes('\0') && value.isWellFormed(), 'holds a character that no command can carry')

/** A line for the dyno's shell, and its own variables. */
export const CommandShape = text.min(1).max(MAX_COMMAND)
export const EnvShape = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not a variable name'), z.union([text, z.number().transform(String)]))
  .refine((env) => JSON.stringify(env).length <= MAX_ENV_BYTES, 'is larger than 64 kB')

const NewDyno = z.object({
  command: CommandShape,
  attach: z.boolean().nullish(),
  force_no_tty: z.boolean().nullish(),
  size: z.string().nullish(),
  env: EnvShape.nullish(),
})

export interface DynoDeps {
  store: Store
  logs: { writer: LogWriter }
  settings: Pick<Settings, 'domain' | 'rendezvousPort'>
}

export function dynoEndpoints(router: ApiRouter, { store, logs, settings }: DynoDeps): void {
  router.get('/apps/:app/dynos', async (ctx) => {
    const app = await appOf(ctx, store)
    sendList(ctx, await listDynos(store, app.id), { field: 'name', key: sortableName }, (dyno) => shown(ctx, app, dyno))
  })

  router.get('/apps/:app/dynos/:dyno', async (ctx) => {
    const app = await appOf(ctx, store)
    ctx.body = shown(ctx, app, await dynoOf(ctx, app))
  })

  router.post('/apps/:app/dynos', async (ctx) => {
    const app = await appOf(ctx, store)
    const wanted = bodyOf(ctx, NewDyno)
    const size = findDynoSize(wanted.size ?? DEFAULT_DYNO_SIZE)?.name
    if (!size) throw new PlatformError('invalid_params', unknownSize(wanted.size ?? ''))
    const attach = wanted.attach === true
    const { dyno, secret } = await createOneOff(store, app.id, {
      ...{ size, attach, tty: attach && wanted.force_no_tty !== true, env: wanted.env ?? {} },
      command: await commandOf(app, wanted.command),
    })
    announce(
      logs.writer,
      app.id,
      `Starting process with command \`${wanted.command.split(' ; echo "\uFFFF')[0]}\` by user ${ctx.state.user.email}`,
    )
    ctx.status = 201
    ctx.body = { ...present(app, dyno), attach_url: secret ? attachUrl(publicAddress(ctx, settings), settings, secret) : null }
  })

  router.delete('/apps/:app/dynos', async (ctx) => {
    const app = await appOf(ctx, store)
    await wish(ctx, app, {}, 'restart', 'all dynos')
  })

  router.delete('/apps/:app/dynos/:dyno', async (ctx) => {
    const app = await appOf(ctx, store)
    const { name, type, number } = await dynoOf(ctx, app)
    // A command that somebody ran once is not run again.
    await wish(ctx, app, { type, number }, type === 'run' ? 'stop' : 'restart', name)
  })

  router.post('/apps/:app/dynos/:dyno/actions/stop', async (ctx) => {
    const app = await appOf(ctx, store)
    const { name, type, number } = await dynoOf(ctx, app)
    await wish(ctx, app, { type, number }, 'stop', name)
  })

  router.delete('/apps/:app/formations/:type', async (ctx) => {
    const app = await appOf(ctx, store)
    await wish(ctx, app, { type: await typeOf(ctx, app) }, 'restart', `${param(ctx, 'type')} dynos`)
  })

  router.post('/apps/:app/formations/:type/actions/stop', async (ctx) => {
    const app = await appOf(ctx, store)
    await wish(ctx, app, { type: await typeOf(ctx, app) }, 'stop', `${param(ctx, 'type')} dynos`)
  })

  async function wish(
    ctx: Context,
    app: App,
    which: { type?: string; number?: number },
    what: Wish,
    words: string,
  ): Promise<void> {
    await wishDynos(store, app.id, which, what)
    announce(logs.writer, app.id, `${what === 'restart' ? 'Restarting' : 'Stopping'} ${words} by user ${ctx.state.user.email}`)
    ctx.status = 202
    ctx.body = {}
  }

  async function dynoOf(ctx: Context, app: App): Promise<DynoView> {
    const ref = param(ctx, 'dyno')
    const all = await listDynos(store, app.id)
    return found(
      all.find(({ id, name }) => name === ref || id === ref),
      'dyno',
    )
  }

  async function typeOf(ctx: Context, app: App): Promise<string> {
    const wanted = param(ctx, 'type')
    const all = await listFormations(store, app.id)
    return found(all.find(({ type }) => type === wanted)?.type, 'process type')
  }

  /** `run worker --once` runs what the Procfile calls `worker`, as on Heroku. */
  async function commandOf(app: App, command: string): Promise<string> {
    const [, word = '', rest = ''] = /^(\S+)([\s\S]*)$/.exec(command) ?? []
    const all = await listFormations(store, app.id)
    const named = all.find(({ type }) => type === word)?.command
    return named ? `${named}${rest}` : command
  }
}

/** Which host has how much room is for admins. */
function shown(ctx: Context, app: App, dyno: DynoView) {
  const { admin } = ctx.state.user
  return present(app, dyno.state === 'starting' && dyno.reason && !admin ? { ...dyno, reason: withoutHosts(dyno.reason) } : dyno)
}

/** A process type may have no command: the image's own CMD runs then. */
export function shownCommand(command: string | null): string {
  return command ?? '(the image’s own command)'
}

/** web.2 before web.10. */
function sortableName({ type, number }: DynoView): string {
  return `${type}.${String(number).padStart(6, '0')}`
}

function present(app: App, dyno: DynoView) {
  const { id, name, type, size, release, reason, exitCode, retryAt, stateSince, createdAt } = dyno
  return {
    ...{ id, name, type, size, release, reason },
    app: { id: app.id, name: app.name },
    attach_url: null,
    command: shownCommand(dyno.command),
    state: stateOf(dyno),
    exit_code: exitCode,
    retry_at: retryAt,
    created_at: createdAt,
    // Heroku's CLI prints this as "up 2026/11/21 (~ 5m ago)".
    updated_at: stateSince,
  }
}

/** Heroku's words: a one-off dyno that has ended is `complete`, one that is leaving still reads `up`. */
function stateOf({ state, type }: DynoView): string {
  if (state === 'draining') return 'up'
  if (state === 'down' && (type === 'run' || type === 'release')) return 'complete'
  return state
}
