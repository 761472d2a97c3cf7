// ps:exec: a shell, or a command, inside a dyno that runs.
import { path } from '../api.ts'
import { appFlags, command } from '../command.ts'
import type { Exec } from '../objects.ts'
import { joinCommand, terminalOf } from './run.ts'

export const exec = command({
  args: '[COMMAND...]',
  passThrough: true,
  flags: {
    ...appFlags,
    dyno: { short: 'd', value: 'DYNO', summary: 'the dyno to go into (web.1)' },
    'no-tty': { summary: 'no terminal in the dyno: stdin and stdout are plain pipes' },
  },
  details: [
    'Without a command it is a shell. It runs as the dyno does, with its config vars, and within its memory.',
    'Stdin is forwarded, and the exit status passed on. Whatever it has started ends with it; the dyno goes on.',
  ].join('\n'),
  examples: [
    'paas ps:exec',
    'paas ps:exec --dyno web.2 --app shop',
    'paas ps:exec -- ls -l',
    "paas ps:exec -d worker.1 'ps aux | grep node'",
    'paas ps:exec cat log/production.log > production.log',
  ],
  async run(context, { args, flags }) {
    const app = await context.app(flags)
    const wanted = flags.dyno ?? 'web.1'
    const { tty, env } = terminalOf(context, flags['no-tty'])
    const command = args.length > 0 ? joinCommand(args) : undefined
    let started: Exec | undefined
    await context.progress(`Connecting to ${context.noteStyle.cyan(wanted)} on ${app}`, async () => {
      started = await context.api.call<Exec>('POST', path`/apps/${app}/dynos/${wanted}/actions/exec`, {
        body: { ...(command !== undefined && { command }), env, ...(tty ? {} : { force_no_tty: true }) },
      })
      return 'done'
    })
    const { dyno, attach_url } = started!
    const { attach } = await import('../rendezvous.ts')
    context.exitCode = await attach(context, context.session, {
      attachUrl: attach_url,
      dyno: dyno.name,
      tty,
      ifLost: 'What you ran there is ended; the dyno goes on. Try again.',
    })
  },
})
