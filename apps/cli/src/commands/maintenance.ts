// maintenance, maintenance:on, maintenance:off.
import { path } from '../api.ts'
import { appFlags, command, jsonFlag } from '../command.ts'
import type { App } from '../objects.ts'

const maintenance = command({
  args: '',
  flags: { ...appFlags, ...jsonFlag },
  examples: ['paas maintenance', 'paas maintenance --app shop'],
  async run(context, { flags }) {
    const app = await context.api.get<App>(path`/apps/${await context.app(flags)}`)
    if (flags.json) return context.json(app)
    context.out(app.maintenance ? 'on' : 'off')
  },
})

export const commands = { maintenance, 'maintenance:on': switchTo(true), 'maintenance:off': switchTo(false) }

function switchTo(wanted: boolean) {
  const state = wanted ? 'on' : 'off'
  return command({
    args: '',
    flags: appFlags,
    examples: [`paas maintenance:${state}`, `paas maintenance:${state} --app shop`],
    async run(context, { flags }) {
      const app = await context.app(flags)
      await context.progress(`Switching maintenance mode of ${app} ${state}`, async () => {
        await context.api.call('PATCH', path`/apps/${app}`, { body: { maintenance: wanted } })
        return 'done'
      })
    },
  })
}
