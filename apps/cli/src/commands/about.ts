// help, version, completion.
import { command } from '../command.ts'
import { Failure } from '../failure.ts'
import { USER_AGENT, VERSION } from '../version.ts'

const help = command({
  args: '[COMMAND]',
  flags: {},
  examples: ['paas help', 'paas help config:set'],
  async run(context, { args: [name] }) {
    const { commandHelp, overview } = await import('../help.ts')
    if (name === undefined) return context.out(overview(VERSION))
    const { commandNames, findCommand } = await import('../table.ts')
    const found = await findCommand(name)
    if (found) return context.out(commandHelp(found.name, found.summary, found.command))
    const { suggest } = await import('../suggest.ts')
    const near = suggest(name, commandNames)
    throw new Failure(`${name} is not a paas command.`, {
      hint: near ? `Did you mean \`paas help ${near}\`?` : 'See `paas help`.',
    })
  },
})

const version = command({
  args: '',
  flags: {},
  examples: ['paas version'],
  async run(context) {
    context.out(USER_AGENT)
  },
})

const completion = command({
  args: 'SHELL',
  flags: {},
  examples: [
    'paas completion bash > /etc/bash_completion.d/paas',
    'source <(paas completion zsh)',
    'paas completion fish > ~/.config/fish/completions/paas.fish',
  ],
  async run(context, { args }) {
    const { completionScript } = await import('../completion.ts')
    const script = await completionScript(args[0]!)
    if (!script) throw new Failure(`There is no completion for ${args[0]}.`, { hint: 'There is one for bash, zsh and fish.' })
    context.stdout.write(script)
  },
})

export const commands = { help, version, completion }
