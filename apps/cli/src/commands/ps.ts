// ps, ps:scale, ps:restart, ps:stop, ps:wait; ps:place and ps:explain are in
// ps-place.ts, ps:exec in ps-exec.ts.
import { path } from '../api.ts'
import { appFlags, command, jsonFlag } from '../command.ts'
import type { Context } from '../context.ts'
import { formatDynos } from '../dyno-list.ts'
import { Failure } from '../failure.ts'
import type { Dyno, Formation } from '../objects.ts'
import { waitForDynos } from '../wait.ts'
import { exec } from './ps-exec.ts'
import { explain, place } from './ps-place.ts'

const DEFAULT_TIMEOUT_SECONDS = 300

const waitFlags = {
  wait: { short: 'w', summary: 'return when all dynos are up' },
  timeout: { value: 'SECONDS', summary: `how long to wait for dynos (${DEFAULT_TIMEOUT_SECONDS})` },
} as const

const ps = command({
  args: '[TYPE...]',
  flags: { ...appFlags, ...jsonFlag },
  examples: ['paas ps', 'paas ps web --app shop', 'paas ps --json'],
  async run(context, { args: types, flags }) {
    const app = await context.app(flags)
    const [allDynos, allFormation] = await Promise.all([
      context.api.get<Dyno[]>(path`/apps/${app}/dynos`),
      context.api.get<Formation[]>(path`/apps/${app}/formation`),
    ])
    const wanted = ({ type }: { type: string }) => types.length === 0 || types.includes(type)
    const dynos = allDynos.filter(wanted)
    if (flags.json) return context.json(dynos)
    const lines = formatDynos(dynos, allFormation.filter(wanted), Date.now(), context.style)
    if (lines.length === 0) return context.note(`No dynos on ${app}.`)
    for (const line of lines) context.out(line)
  },
})

const scale = command({
  args: '[TYPE=QUANTITY...]',
  flags: { ...appFlags, ...jsonFlag, ...waitFlags },
  details: 'QUANTITY is a number, +N or -N, with :SIZE for another size. Without arguments it shows what is wanted.',
  examples: ['paas scale', 'paas scale web=3', 'paas scale web+1 worker=0 --app shop', 'paas scale web=2:Standard-2X --wait'],
  async run(context, { args, flags }) {
    const app = await context.app(flags)
    if (args.length === 0) {
      const formation = await context.api.get<Formation[]>(path`/apps/${app}/formation`)
      if (flags.json) return context.json(formation)
      if (formation.length === 0) return context.note(`${app} has no process types yet: push some code first.`)
      return context.out(formation.map(({ type, quantity, size }) => `${type}=${quantity}:${size}`).join(' '))
    }
    const updates = args.map(parseScale)
    const types = updates.map(({ type }) => type)
    let changed: Formation[] = []
    await context.progress(`Scaling ${types.join(', ')}`, async () => {
      changed = await context.api.call<Formation[]>('PATCH', path`/apps/${app}/formation`, { body: { updates } })
      const own = changed.filter(({ type }) => types.includes(type))
      if (own.length === 1) return `done, now ${own[0]!.quantity}`
      return `done, now ${own.map(({ type, quantity }) => `${type} at ${quantity}`).join(', ')}`
    })
    if (flags.wait) await waitUntilUp(context, app, flags.timeout, types.length === 1 ? types[0] : undefined)
    if (flags.json) context.json(changed)
  },
})

const restart = command({
  args: '[DYNO_OR_TYPE]',
  flags: { ...appFlags, ...waitFlags, process: { short: 'p', value: 'NAME', summary: 'the same as the argument' } },
  examples: ['paas restart', 'paas restart web --app shop', 'paas restart web.1 --wait'],
  async run(context, { args: [named], flags }) {
    const app = await context.app(flags)
    const target = named ?? flags.process
    await context.progress(`Restarting ${target ?? 'dynos'} on ${app}`, async () => {
      if (target === undefined) await context.api.call('DELETE', path`/apps/${app}/dynos`)
      else if (target.includes('.')) await context.api.call('DELETE', path`/apps/${app}/dynos/${target}`)
      else await context.api.call('DELETE', path`/apps/${app}/formations/${target}`)
      return 'done'
    })
    if (flags.wait) await waitUntilUp(context, app, flags.timeout, target?.split('.')[0])
  },
})

const stop = command({
  args: 'DYNO_OR_TYPE',
  flags: appFlags,
  details: 'The platform starts stopped dynos again, one-off dynos apart: to have fewer, scale.',
  examples: ['paas ps:stop run.1234', 'paas ps:stop web --app shop'],
  async run(context, { args, flags }) {
    const [target] = args as [string]
    const app = await context.app(flags)
    await context.progress(`Stopping ${target} on ${app}`, async () => {
      const kind = target.includes('.') ? 'dynos' : 'formations'
      await context.api.call('POST', path`/apps/${app}/${kind}/${target}/actions/stop`)
      return 'done'
    })
  },
})

const wait = command({
  args: '',
  flags: {
    ...appFlags,
    timeout: waitFlags.timeout,
    type: { short: 't', value: 'TYPE', summary: 'wait for this process type only' },
  },
  examples: ['paas ps:wait', 'paas ps:wait --type web --timeout 60 --app shop'],
  async run(context, { flags }) {
    await waitUntilUp(context, await context.app(flags), flags.timeout, flags.type)
  },
})

export const commands = {
  ps,
  'ps:scale': scale,
  'ps:restart': restart,
  'ps:stop': stop,
  'ps:wait': wait,
  'ps:exec': exec,
  'ps:place': place,
  'ps:explain': explain,
}

export interface ScaleUpdate {
  type: string
  /** `3`, `+1` or `-1`: a string, as the API wants it. */
  quantity: string
  size?: string
}

/** Reads `web=3`, `web+1`, `web-1`, `web=+1` and `web=2:Standard-2X`. */
export function parseScale(text: string): ScaleUpdate {
  const match = /^([\w-]+?)(?:=([+-]?\d+)|([+-]\d+))(?::([\w-]+))?$/.exec(text)
  if (!match)
    throw new Failure(`${text} is not TYPE=QUANTITY.`, { hint: 'For example: `paas scale web=3`, `paas scale worker+1`' })
  const [, type, absolute, relative, size] = match
  return { type: type!, quantity: (absolute ?? relative)!, ...(size ? { size } : {}) }
}

async function waitUntilUp(context: Context, app: string, timeout: string | undefined, only: string | undefined): Promise<void> {
  const seconds = timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : Number(timeout)
  if (!(seconds > 0)) throw new Failure(`${timeout} is not a number of seconds.`)
  await context.progress(`Waiting for ${only ?? 'all'} dynos on ${app}`, async () => {
    const dynos = await waitForDynos(context.api, app, seconds * 1000, only)
    const up = dynos.filter((dyno) => dyno.state === 'up' && dyno.type !== 'run' && (only === undefined || dyno.type === only))
    return `done, ${up.length} up`
  })
}
