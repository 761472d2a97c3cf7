// run, run:detached: one-off dynos.
import { path } from '../api.ts'
import { appFlags, command, jsonFlag } from '../command.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import type { Dyno } from '../objects.ts'
import { parseAssignment } from './config.ts'

const dynoFlags = {
  size: { short: 's', value: 'SIZE', summary: 'dyno size' },
  env: { short: 'e', value: 'KEY=VALUE', many: true, summary: 'one more variable for this dyno' },
} as const

const run = command({
  args: 'COMMAND...',
  passThrough: true,
  flags: {
    ...appFlags,
    ...dynoFlags,
    'no-tty': { summary: 'no terminal in the dyno: stdin and stdout are plain pipes' },
    'exit-code': { short: 'x', summary: "accepted for Heroku's sake: the exit status is always passed on" },
  },
  details: 'Stdin is forwarded and binary-safe. The exit status is that of the command.',
  examples: ['paas run bash', 'paas run -a shop node migrate.js --dry-run', 'paas run cat < file', "paas run 'env | sort'"],
  async run(context, { args, flags }) {
    const app = await context.app(flags)
    const commandLine = joinCommand(args)
    const { tty, env } = terminalOf(context, flags['no-tty'])
    context.stderr.write(`Running ${context.noteStyle.cyan(commandLine)} on ${app}... `)
    const dyno = await context.api.call<Dyno>('POST', path`/apps/${app}/dynos`, {
      body: {
        attach: true,
        command: commandLine,
        env: { ...env, ...Object.fromEntries(flags.env.map(parseAssignment)) },
        ...(tty ? {} : { force_no_tty: true }),
        ...(flags.size ? { size: flags.size } : {}),
      },
    })
    if (!dyno.attach_url) throw new Failure(`${dyno.name} cannot be attached to: the platform gave no address for it.`)
    const { attach } = await import('../rendezvous.ts')
    context.exitCode = await attach(context, context.session, {
      attachUrl: dyno.attach_url,
      dyno: dyno.name,
      tty,
      ifLost: `It may still be running: see \`paas ps\`, end it with \`paas ps:stop ${dyno.name}\`.`,
      onConnected: () => context.note(`up, ${dyno.name}`),
    })
  },
})

const detached = command({
  args: 'COMMAND...',
  passThrough: true,
  flags: { ...appFlags, ...jsonFlag, ...dynoFlags },
  examples: ['paas run:detached node nightly.js', 'paas run:detached --size Standard-2X -a shop ./report'],
  async run(context, { args, flags }) {
    const app = await context.app(flags)
    const commandLine = joinCommand(args)
    let dyno: Dyno | undefined
    await context.progress(`Running ${commandLine} on ${app}`, async () => {
      dyno = await context.api.call<Dyno>('POST', path`/apps/${app}/dynos`, {
        body: {
          attach: false,
          command: commandLine,
          env: Object.fromEntries(flags.env.map(parseAssignment)),
          ...(flags.size ? { size: flags.size } : {}),
        },
      })
      return `done, ${dyno.name}`
    })
    if (flags.json) return context.json(dyno)
    context.note(`See its output: \`paas logs --tail --app ${app} --dyno ${dyno!.name}\``)
  },
})

export const commands = { run, 'run:detached': detached }

/** Whether both ends of a session are to be a terminal, and what programs there then need to know of ours. */
export function terminalOf({ stdin, stdout, env }: Context, unwanted: boolean) {
  const tty = stdin.isTTY === true && stdout.isTTY === true && !unwanted
  return { tty, env: tty ? { TERM: env['TERM'] ?? 'xterm', COLUMNS: stdout.columns, LINES: stdout.rows } : {} }
}

/**
 * One line for the dyno's shell. A single argument is taken as written (`'env | sort'`); of several, those with spaces or
 * quotes are kept together and variables still expand in the dyno: Heroku's rule, which people's scripts rely on.
 */
export function joinCommand(args: readonly string[]): string {
  if (args.length === 1) return args[0]!
  return args.map((arg) => (arg === '' || /[\s"']/.test(arg) ? `"${arg.replaceAll(/[\\"]/g, '\\$&')}"` : arg)).join(' ')
}
