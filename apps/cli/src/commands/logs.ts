// logs: history, and with --tail what comes.
import { appFlags, command } from '../command.ts'
import { Failure } from '../failure.ts'
import { createLogPainter } from '../log-colours.ts'
import { followLogs } from '../log-tail.ts'

const DEFAULT_LINES = 100

const logs = command({
  args: '',
  flags: {
    ...appFlags,
    tail: { short: 't', summary: 'go on printing what comes' },
    num: { short: 'n', value: 'LINES', summary: `how many past lines (${DEFAULT_LINES})` },
    source: { short: 's', value: 'SOURCE', summary: 'app, or heroku for lines of the platform' },
    dyno: { short: 'd', value: 'DYNO', summary: 'lines of this dyno (web.1) or process type (web)' },
    ps: { short: 'p', value: 'DYNO', summary: 'the same as --dyno' },
  },
  examples: [
    'paas logs',
    'paas logs --tail --app shop',
    'paas logs -n 500 -p web.1',
    'paas logs -t --source heroku --dyno router',
  ],
  async run(context, { flags }) {
    const lines = flags.num === undefined ? DEFAULT_LINES : Number(flags.num)
    if (!Number.isInteger(lines) || lines < 0) throw new Failure(`${flags.num} is not a number of lines.`)
    const app = await context.app(flags)
    const dyno = flags.dyno ?? flags.ps
    // Ctrl-C is how a tail is meant to end.
    const leave = () => process.exit(0)
    process.once('SIGINT', leave)
    const wanted = { lines, tail: flags.tail, ...(flags.source ? { source: flags.source } : {}), ...(dyno ? { dyno } : {}) }
    const target = {
      stdout: context.stdout,
      paint: createLogPainter(context.style),
      note: (text: string) => context.note(` !     ${text}`),
    }
    try {
      await followLogs(context.api, context.send, app, wanted, target)
    } finally {
      process.off('SIGINT', leave)
    }
  },
})

export const commands = { logs }
