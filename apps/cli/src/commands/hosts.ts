// hosts, hosts:info, hosts:label, hosts:cordon, hosts:uncordon, hosts:remove,
// hosts:rebalance, hosts:doctor. Adding and draining, which are followed to
// their end, have files of their own.
import { path } from '../api.ts'
import { command, jsonFlag } from '../command.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { findingsOf } from '../host-findings.ts'
import { followRemoval } from '../host-follow.ts'
import { HOST_HEADINGS, hostFacts, hostRow, labelsOf } from '../host-rows.ts'
import type { Host, Move } from '../objects.ts'
import { columns } from '../terminal.ts'
import { add } from './hosts-add.ts'
import { credentials } from './hosts-credentials.ts'
import { drain } from './hosts-drain.ts'

const hosts = command({
  args: '',
  flags: jsonFlag,
  details: 'Memory and CPUs: what dynos want (were promised), what the whole machine uses, what there is. Only admins see hosts.',
  examples: ['paas hosts', 'paas hosts --json'],
  async run(context, { flags }) {
    const found = await context.api.get<Host[]>('/hosts')
    if (flags.json) return context.json(found)
    const rows = found.map((host) => hostRow(host, Date.now(), context.style))
    for (const line of columns([HOST_HEADINGS, ...rows])) context.out(line)
  },
})

const info = command({
  args: 'NAME',
  flags: jsonFlag,
  examples: ['paas hosts:info h2', 'paas hosts:info local --json'],
  async run(context, { args, flags }) {
    const host = await getHost(context, args[0]!)
    if (flags.json) return context.json(host)
    context.heading(`${host.name} Host`)
    for (const line of columns(hostFacts(host, Date.now(), context.style))) context.out(line)
    if (host.condition !== 'joining' && host.condition !== 'failed') return
    context.out('')
    for (const line of columns(host.steps.map(({ name, state, detail }) => [name, state, detail]))) context.out(line)
  },
})

const label = command({
  args: 'NAME LABEL...',
  flags: jsonFlag,
  details:
    'KEY=VALUE sets a label, KEY- removes it. Hosts that may fail together share a value of `zone`: dynos are spread over zones too.',
  examples: ['paas hosts:label h2 disk=ssd zone=a', 'paas hosts:label h2 disk-'],
  async run(context, { args: [name, ...given], flags }) {
    const labels = Object.fromEntries(given.map(parseLabel))
    let host: Host | undefined
    await context.progress(`Labelling ${name}`, async () => {
      host = await change(context, name!, { labels })
      return `done, ${labelsOf(host.labels) || 'no labels'}`
    })
    if (flags.json) context.json(host)
  },
})

const cordon = command({
  args: 'NAME',
  flags: {},
  details: 'Nothing new is placed on it; what runs there goes on.',
  examples: ['paas hosts:cordon h2'],
  async run(context, { args: [name] }) {
    await context.progress(`Cordoning ${name}`, async () => {
      await change(context, name!, { cordoned: true })
      return 'done'
    })
  },
})

const uncordon = command({
  args: 'NAME',
  flags: {},
  examples: ['paas hosts:uncordon h2'],
  async run(context, { args: [name] }) {
    await context.progress(`Uncordoning ${name}`, async () => {
      await change(context, name!, { cordoned: false })
      return 'done'
    })
  },
})

const remove = command({
  args: 'NAME',
  flags: { force: { summary: 'forget a lost host whose machine is gone for good; its dynos are started elsewhere' } },
  details: 'A host with dynos on it has to be drained first.',
  examples: ['paas hosts:remove h2', 'paas hosts:remove h2 --force'],
  async run(context, { args: [name], flags }) {
    await context.progress(`Removing ${name}`, async () => {
      await context.api.call('DELETE', `${path`/hosts/${name!}`}${flags.force ? '?force=true' : ''}`)
      await followRemoval(context.api, name!)
      return 'done'
    })
  },
})

const rebalance = command({
  args: '',
  flags: { ...jsonFlag, plan: { summary: 'show the moves and make none' } },
  details:
    'Spreads dynos evenly again, as after a host was added. Each moves like in a restart: the new one serves before the old one stops.',
  examples: ['paas hosts:rebalance --plan', 'paas hosts:rebalance'],
  async run(context, { flags }) {
    const moves = await context.api.call<Move[]>('POST', '/hosts/actions/rebalance', { body: { plan: flags.plan } })
    if (flags.json) return context.json(moves)
    if (moves.length === 0) return context.note('Nothing to move: dynos are spread evenly.')
    for (const line of columns(moves.map(({ app, dyno, from, to }) => [app, dyno, `${from} -> ${to}`]))) context.out(line)
    context.note(
      flags.plan
        ? `${moves.length} ${moves.length === 1 ? 'move' : 'moves'}, none made.`
        : `Moving ${moves.length}. \`paas hosts\` shows where they stand.`,
    )
  },
})

const doctor = command({
  args: '[NAME]',
  flags: jsonFlag,
  details: 'Exits with 1 when something is wrong.',
  examples: ['paas hosts:doctor', 'paas hosts:doctor h2 --json'],
  async run(context, { args: [name], flags }) {
    const all = await context.api.get<Host[]>('/hosts')
    const looked = name === undefined ? all : all.filter((host) => host.name === name)
    if (looked.length === 0) throw new Failure(`No host named ${name}`, { hint: '`paas hosts` lists them.' })
    const results = looked.map((host) => ({ host: host.name, findings: findingsOf(host, all, Date.now()) }))
    if (results.some(({ findings }) => findings.some(({ level }) => level === 'wrong'))) context.exitCode = 1
    if (flags.json) return context.json(results)
    for (const { host, findings } of results) {
      if (findings.length === 0) context.out(`${host}: ${context.style.green('nothing wrong')}`)
      for (const { level, what, todo } of findings) {
        context.out(`${host}: ${level === 'wrong' ? context.style.red(what) : what}`)
        context.out(`  ${todo}`)
      }
    }
  },
})

export const commands = {
  hosts,
  'hosts:info': info,
  'hosts:add': add,
  'hosts:credentials': credentials,
  'hosts:label': label,
  'hosts:cordon': cordon,
  'hosts:uncordon': uncordon,
  'hosts:drain': drain,
  'hosts:remove': remove,
  'hosts:rebalance': rebalance,
  'hosts:doctor': doctor,
}

/** `['disk', 'ssd']` of `disk=ssd`; `['disk', null]` of `disk-`. */
export function parseLabel(text: string): [string, string | null] {
  const [, removed] = /^([^=]+)-$/.exec(text) ?? []
  if (removed) return [removed, null]
  const equals = text.indexOf('=')
  if (equals < 1)
    throw new Failure(`${text} is neither KEY=VALUE nor KEY-.`, { hint: 'For example: `paas hosts:label h2 disk=ssd`' })
  return [text.slice(0, equals), text.slice(equals + 1)]
}

function getHost(context: Context, name: string): Promise<Host> {
  return context.api.get<Host>(path`/hosts/${name}`)
}

function change(context: Context, name: string, body: object): Promise<Host> {
  return context.api.call<Host>('PATCH', path`/hosts/${name}`, { body })
}
