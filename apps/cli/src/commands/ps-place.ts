// ps:place, ps:explain: where dynos of a process type may run, and why one is
// where it is.
import { path } from '../api.ts'
import { appFlags, command, jsonFlag } from '../command.ts'
import { Failure } from '../failure.ts'
import { labelsOf } from '../host-rows.ts'
import type { Explanation, Place } from '../objects.ts'
import { columns } from '../terminal.ts'

export const place = command({
  args: 'TYPE',
  flags: {
    ...appFlags,
    ...jsonFlag,
    on: { value: 'KEY=VALUE', many: true, summary: 'only on hosts with this label' },
    anywhere: { summary: 'on any host again, whatever its labels' },
    strategy: { value: 'NAME', summary: 'spread over hosts (spread), or on as few as will do (pack)' },
    singleton: { summary: 'never more than wanted: not replaced while its host is out of reach' },
    'no-singleton': { summary: 'replace dynos of a lost host at once' },
  },
  details:
    'Holds for dynos that are placed from now on; `paas restart` places the others anew. Without flags it shows what is set.',
  examples: ['paas ps:place web', 'paas ps:place web --on disk=ssd --app shop', 'paas ps:place clock --singleton'],
  async run(context, { args, flags }) {
    const [type] = args as [string]
    if (flags.singleton && flags['no-singleton']) throw new Failure('--singleton and --no-singleton cannot be used together.')
    if (flags.anywhere && flags.on.length > 0) throw new Failure('--on and --anywhere cannot be used together.')
    const on = flags.anywhere ? {} : flags.on.length > 0 ? Object.fromEntries(flags.on.map(parseOn)) : undefined
    const body = {
      ...(on && { on }),
      ...(flags.strategy !== undefined && { strategy: flags.strategy }),
      ...((flags.singleton || flags['no-singleton']) && { singleton: flags.singleton }),
    }
    const app = await context.app(flags)
    const at = path`/apps/${app}/formation/${type}/place`
    if (Object.keys(body).length === 0) {
      const setting = await context.api.get<Place>(at)
      return flags.json ? context.json(setting) : context.out(inWords(setting))
    }
    let setting: Place | undefined
    await context.progress(`Placing ${type} of ${app}`, async () => {
      setting = await context.api.call<Place>('PATCH', at, { body })
      return `done, ${inWords(setting)}`
    })
    if (flags.json) context.json(setting)
  },
})

export const explain = command({
  args: 'DYNO',
  flags: { ...appFlags, ...jsonFlag },
  details: 'Admins see every host with what speaks for and against it.',
  examples: ['paas ps:explain web.3', 'paas ps:explain web.3 --app shop --json'],
  async run(context, { args, flags }) {
    const [dyno] = args as [string]
    const app = await context.app(flags)
    const found = await context.api.get<Explanation>(path`/apps/${app}/dynos/${dyno}/explanation`)
    if (flags.json) return context.json(found)
    const where = found.placed ? `placed${found.host ? ` on ${found.host}` : ''}` : 'not placed'
    context.heading(`${found.dyno} of ${app}: ${found.state}, ${where}`)
    for (const line of found.explanation) context.out(line)
    if (found.hosts.length === 0) return
    context.out('')
    const rows = found.hosts.map(({ name, verdict, against, peers_on_host, memory_promised }) => [
      name,
      name === found.host ? `${verdict}, here now` : verdict,
      against.join(', ') || `${peers_on_host} of its type, ${Math.round(memory_promised * 100)} % of the memory promised`,
    ])
    for (const line of columns(rows)) context.out(line)
  },
})

/** `spread, on hosts with disk=ssd, singleton` */
function inWords({ on, strategy, singleton }: Place): string {
  const labels = labelsOf(on)
  return [strategy, ...(labels ? [`on hosts with ${labels}`] : []), ...(singleton ? ['singleton'] : [])].join(', ')
}

function parseOn(text: string): [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new Failure(`${text} is not KEY=VALUE.`, { hint: 'For example: `paas ps:place web --on disk=ssd`' })
  return [text.slice(0, equals), text.slice(equals + 1)]
}
