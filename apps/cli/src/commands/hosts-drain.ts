// hosts:drain: asks for it, then shows how far it is. The platform does the
// moving, so whoever stops looking stops nothing.
import { path } from '../api.ts'
import { command, waitFlag } from '../command.ts'
import { followDraining } from '../host-follow.ts'
import type { Host } from '../objects.ts'

export const drain = command({
  args: 'NAME',
  flags: { ...waitFlag, stop: { summary: 'end draining: what is still there stays, and it takes new dynos again' } },
  details: 'Its dynos are started elsewhere before they stop here, so no request is lost. One-off dynos end where they are.',
  examples: ['paas hosts:drain h2', 'paas hosts:drain h2 --stop'],
  async run(context, { args, flags }) {
    const [name] = args as [string]
    const wish = (draining: boolean) => context.api.call<Host>('PATCH', path`/hosts/${name}`, { body: { draining } })
    if (flags.stop) {
      return context.progress(`Ending the drain of ${name}`, async () => {
        const { dynos } = await wish(false)
        return `done, ${dynos} ${dynos === 1 ? 'dyno' : 'dynos'} on it`
      })
    }
    const { dynos } = await wish(true)
    if (flags['no-wait']) return context.note(`Draining ${name}, ${dynos} ${dynos === 1 ? 'dyno' : 'dynos'} to move.`)
    const leave = new AbortController()
    const interrupted = () => leave.abort()
    process.once('SIGINT', interrupted)
    try {
      const drained = await followDraining(context, name, dynos, leave.signal)
      if (drained) return context.note(`${name} is drained. \`paas hosts:remove ${name}\` takes it away.`)
      context.note(`${name} goes on draining. \`paas hosts:drain ${name}\` shows how far it is, --stop ends it.`)
      context.exitCode = 130
    } finally {
      process.removeListener('SIGINT', interrupted)
    }
  },
})
