// config, config:get, config:set, config:unset.
import { path } from '../api.ts'
import { appFlags, command, jsonFlag, waitFlag } from '../command.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import type { ConfigVars } from '../objects.ts'
import { columns } from '../terminal.ts'
import { getNewestRelease, waitForRelease } from '../wait.ts'

const shellFlag = { shell: { short: 's', summary: 'print as assignments that a shell reads' } } as const

const config = command({
  args: '',
  flags: { ...appFlags, ...jsonFlag, ...shellFlag },
  examples: ['paas config', 'paas config --app shop --shell > .env', 'paas config --json'],
  async run(context, { flags }) {
    const app = await context.app(flags)
    const vars = await context.api.get<ConfigVars>(path`/apps/${app}/config-vars`)
    if (flags.json) return context.json(vars)
    const names = Object.keys(vars).toSorted()
    if (flags.shell) {
      for (const name of names) context.out(`${name}=${quoteForShell(vars[name]!)}`)
      return
    }
    context.heading(`${app} Config Vars`)
    for (const line of columns(names.map((name) => [context.style.green(`${name}:`), vars[name]!]))) context.out(line)
  },
})

const get = command({
  args: 'KEY',
  flags: { ...appFlags, ...shellFlag },
  examples: ['paas config:get DATABASE_URL', 'export "$(paas config:get DATABASE_URL --shell)"'],
  async run(context, { args, flags }) {
    const [key] = args as [string]
    const app = await context.app(flags)
    const vars = await context.api.get<ConfigVars>(path`/apps/${app}/config-vars`)
    const value = Object.hasOwn(vars, key) ? vars[key] : undefined
    if (value === undefined) throw new Failure(`${app} has no config var ${key}.`, { hint: `See \`paas config --app ${app}\`.` })
    context.out(flags.shell ? `${key}=${quoteForShell(value)}` : value)
  },
})

const set = command({
  args: 'KEY=VALUE...',
  flags: { ...appFlags, ...waitFlag },
  examples: ['paas config:set GREETING=hello', "paas config:set A=1 B='two words' --app shop --no-wait"],
  async run(context, { args, flags }) {
    const changes = Object.fromEntries(args.map(parseAssignment))
    await change(context, 'Setting', changes, flags)
  },
})

const unset = command({
  args: 'KEY...',
  flags: { ...appFlags, ...waitFlag },
  examples: ['paas config:unset GREETING', 'paas config:unset A B --app shop'],
  async run(context, { args, flags }) {
    await change(context, 'Unsetting', Object.fromEntries(args.map((key) => [key, null])), flags)
  },
})

export const commands = { config, 'config:get': get, 'config:set': set, 'config:unset': unset }

/** `A=b=c` is A with the value `b=c`; names are checked by the platform. */
export function parseAssignment(text: string): [key: string, value: string] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new Failure(`${text} is not KEY=VALUE.`, { hint: 'For example: `paas config:set GREETING=hello`' })
  return [text.slice(0, equals), text.slice(equals + 1)]
}

/** Any value as one word of a POSIX shell. */
export function quoteForShell(value: string): string {
  return /^[\w/.:@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`
}

async function change(
  context: Context,
  verb: string,
  changes: Record<string, string | null>,
  flags: { app: string | undefined; remote: string | undefined; 'no-wait': boolean },
): Promise<void> {
  const app = await context.app(flags)
  let vars: ConfigVars = {}
  await context.progress(`${verb} ${Object.keys(changes).join(', ')} and restarting ${app}`, async () => {
    vars = await context.api.call<ConfigVars>('PATCH', path`/apps/${app}/config-vars`, { body: changes })
    const { version, status } = await getNewestRelease(context.api, app)
    if (status !== 'succeeded' && !flags['no-wait']) await waitForRelease(context.api, app, version)
    return `done, v${version}`
  })
  const rows = Object.keys(changes).flatMap((key) =>
    vars[key] === undefined ? [] : [[context.style.green(`${key}:`), vars[key]]],
  )
  for (const line of columns(rows)) context.out(line)
}
