import { expect, it } from 'vitest'
import { paas } from './cli.fixture.ts'
import { completionScript } from './completion.ts'
import { parseArgs } from './parse-args.ts'
import { aliases, commandNames, findCommand, topics } from './table.ts'

it.each(topics.map((topic) => [topic.title, topic] as const))(
  '%s: the table and its module name the same commands',
  async (_title, topic) => {
    expect(Object.keys((await topic.load()).commands).toSorted()).toEqual(Object.keys(topic.commands).toSorted())
  },
)

it('leads every alias to a command', () => {
  for (const name of Object.values(aliases)) expect(commandNames).toContain(name)
})

it.each(commandNames)('%s: its help shows examples that it understands', async (name) => {
  const { command } = (await findCommand(name))!
  const { status, stdout } = await paas(['help', name])
  expect(status).toBe(0)
  expect(command.examples.length).toBeGreaterThan(0)
  for (const example of command.examples) {
    expect(stdout).toContain(example)
    const [, typed, rest = ''] = /\bpaas ([\w:]+)((?:[^<>|)"']|"[^"]*"|'[^']*')*)/.exec(example)!
    expect((await findCommand(typed!))!.name).toBe(name)
    parseArgs(name, command, rest.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [])
  }
})

it.each(['bash', 'zsh', 'fish'])('completes every command in %s', async (shell) => {
  const script = await completionScript(shell)
  for (const name of commandNames) expect(script).toContain(name.replaceAll(':', shell === 'zsh' ? '\\:' : ':'))
})

it('has a word for a mistyped command, and fails', async () => {
  const { status, stderr } = await paas(['lgos'])
  expect(status).toBe(1)
  expect(stderr).toBe(' !     lgos is not a paas command.\n !     Did you mean `paas logs`?\n')
})
