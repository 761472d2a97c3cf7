// Turns argv into a command's arguments and flags. Node's own parser finds the
// tokens; what they mean, and what to say when they mean nothing, is decided here.
import { parseArgs as tokenize } from 'node:util'
import type { Command, Flags, Parsed } from './command.ts'
import { Failure } from './failure.ts'
import { suggest } from './suggest.ts'

type Shape = Pick<Command, 'args' | 'flags' | 'passThrough'>

/** Arguments and flags of `argv` (without the command's name). Refuses, as a Failure, whatever the command does not know. */
export function parseArgs(name: string, shape: Shape, argv: readonly string[]): Parsed {
  const { own, rest } = shape.passThrough ? splitPassThrough(shape.flags, argv) : { own: argv, rest: [] }
  const args: string[] = []
  const values: Record<string, string | boolean | string[]> = {}
  for (const [flag, { value, many }] of Object.entries(shape.flags))
    if (many) values[flag] = [] as string[]
    else if (!value) values[flag] = false

  for (const token of tokens(shape.flags, own)) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      args.push(token.value)
      continue
    }
    const flag = shape.flags[token.name]
    if (!flag) throw unknownFlag(name, token.rawName, shape.flags)
    if (flag.value && (token.value === undefined || token.value === '')) {
      throw usage(name, `${token.rawName} needs a value: ${token.rawName} ${flag.value}`)
    }
    if (!flag.value && token.value !== undefined) throw usage(name, `${token.rawName} takes no value.`)
    if (flag.many) (values[token.name] as string[]).push(token.value!)
    else values[token.name] = token.value ?? true
  }
  args.push(...rest)
  checkCount(name, shape.args, args)
  return { args, flags: values as Parsed['flags'] }
}

function tokens(flags: Flags, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([flag, { short, value }]) => [
      flag,
      { type: value ? ('string' as const) : ('boolean' as const), ...(short ? { short } : {}) },
    ]),
  )
  return tokenize({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens
}

/** Splits at the first argument or `--`: what comes before are our own flags. */
function splitPassThrough(flags: Flags, argv: readonly string[]): { own: readonly string[]; rest: readonly string[] } {
  const first = tokens(flags, argv).find((token) => token.kind !== 'option')
  if (!first) return { own: argv, rest: [] }
  return { own: argv.slice(0, first.index), rest: argv.slice(first.kind === 'positional' ? first.index : first.index + 1) }
}

function checkCount(name: string, spec: string, args: readonly string[]): void {
  const words = spec.split(' ').filter(Boolean)
  const required = words.filter((word) => !word.startsWith('['))
  const unlimited = words.some((word) => word.includes('...'))
  if (args.length < required.length) {
    throw usage(name, `${required[args.length]!.replace('...', '')} is missing.`)
  }
  if (!unlimited && args.length > words.length) throw usage(name, `Unexpected argument: ${args[words.length]}`)
}

function unknownFlag(name: string, raw: string, flags: Flags): Failure {
  const near = suggest(raw.replace(/^-+/, ''), Object.keys(flags))
  return usage(name, `${name} has no flag ${raw}.${near ? ` Did you mean --${near}?` : ''}`)
}

function usage(name: string, message: string): Failure {
  return new Failure(message, { hint: `See \`paas help ${name}\`.` })
}
