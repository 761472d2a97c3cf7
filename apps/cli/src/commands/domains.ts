// domains, domains:add, domains:remove.
import { path } from '../api.ts'
import { appFlags, command, jsonFlag } from '../command.ts'
import type { Domain } from '../objects.ts'
import { columns } from '../terminal.ts'

const domains = command({
  args: '',
  flags: { ...appFlags, ...jsonFlag },
  examples: ['paas domains', 'paas domains --app shop --json'],
  async run(context, { flags }) {
    const app = await context.app(flags)
    const found = await context.api.get<Domain[]>(path`/apps/${app}/domains`)
    if (flags.json) return context.json(found)
    const custom = found.filter(({ kind }) => kind === 'custom')
    const own = found.filter(({ kind }) => kind !== 'custom')
    if (own.length > 0) {
      context.heading(`${app} Domain`)
      for (const { hostname } of own) context.out(hostname)
    }
    if (custom.length === 0) return
    if (own.length > 0) context.out('')
    context.heading(`${app} Custom Domains`)
    for (const line of columns([['Domain', 'DNS target'], ...custom.map(({ hostname, cname }) => [hostname, cname ?? ''])]))
      context.out(line)
  },
})

const add = command({
  args: 'HOSTNAME',
  flags: { ...appFlags, ...jsonFlag },
  examples: ['paas domains:add www.example.com', 'paas domains:add www.example.com --app shop'],
  async run(context, { args: [hostname], flags }) {
    const app = await context.app(flags)
    let domain: Domain | undefined
    await context.progress(`Adding ${hostname} to ${app}`, async () => {
      domain = await context.api.call<Domain>('POST', path`/apps/${app}/domains`, { body: { hostname, sni_endpoint: null } })
      return 'done'
    })
    if (flags.json) return context.json(domain)
    if (domain?.cname) context.note(`Point the DNS record of ${hostname} (CNAME or ALIAS) to ${domain.cname}.`)
  },
})

const remove = command({
  args: 'HOSTNAME',
  flags: appFlags,
  examples: ['paas domains:remove www.example.com --app shop'],
  async run(context, { args, flags }) {
    const [hostname] = args as [string]
    const app = await context.app(flags)
    await context.progress(`Removing ${hostname} from ${app}`, async () => {
      await context.api.call('DELETE', path`/apps/${app}/domains/${hostname}`)
      return 'done'
    })
  },
})

export const commands = { domains, 'domains:add': add, 'domains:remove': remove }
