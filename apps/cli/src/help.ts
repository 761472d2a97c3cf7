// What `paas help` prints.
import type { Command } from './command.ts'
import { aliases, topics } from './table.ts'
import { columns } from './terminal.ts'

export function overview(version: string): string {
  const sections = topics.map(({ title, commands }) => {
    const rows = columns(Object.entries(commands).map(([name, summary]) => [`  ${name.padEnd(18)}`, summary]))
    return [title.toUpperCase(), ...rows].join('\n')
  })
  return [
    `paas ${version}: git push paas main, and it runs`,
    'USAGE\n  paas COMMAND [ARGUMENTS] [--flags]',
    ...sections,
    'See `paas help COMMAND` for flags and examples. Commands take the app from the git remote here, or from --app.',
  ].join('\n\n')
}

export function commandHelp(name: string, summary: string, { args, flags, details, examples, passThrough }: Command): string {
  const others = Object.keys(aliases).filter((alias) => aliases[alias] === name && !alias.startsWith('-'))
  const rows = Object.entries(flags).map(([flag, { short, value, summary }]) => [
    `  ${short ? `-${short},` : '   '} --${flag}${value ? ` ${value}` : ''}`,
    summary,
  ])
  const capital = summary[0]!.toUpperCase() + summary.slice(1)
  return [
    `${capital}.${details ? `\n${details}` : ''}`,
    `USAGE\n  paas ${[name, passThrough ? '[--flags]' : '', args, passThrough ? '' : '[--flags]'].filter(Boolean).join(' ')}`,
    ...(others.length > 0 ? [`ALSO\n  ${others.join(', ')}`] : []),
    ...(rows.length > 0 ? [`FLAGS\n${columns(rows).join('\n')}`] : []),
    `EXAMPLES\n${examples.map((example) => `  $ ${example}`).join('\n')}`,
  ].join('\n\n')
}
