// From argv to an exit status: finds the command, parses, runs, and shows a
// failure once, here.
import { type Context, openContext, type Surroundings } from './context.ts'
import { Failure, formatFailure } from './failure.ts'
import { parseArgs } from './parse-args.ts'
import { aliases, commandNames, findCommand } from './table.ts'

const HELP_FLAGS = new Set(['--help', '-h'])

/** Runs one command line. Every failure ends up as words on stderr and a status that is not 0. */
export async function dispatch(argv: readonly string[], around: Surroundings): Promise<number> {
  const context = openContext(around)
  try {
    await runCommand(argv, context)
    return context.exitCode
  } catch (err) {
    const failure = err instanceof Failure ? err : unexpected(err)
    context.note(paint(formatFailure(failure), context))
    if (around.env['PAAS_DEBUG']) context.note(String((err as Error).stack ?? err))
    return failure.exitCode
  }
}

async function runCommand([typed = 'help', ...rest]: readonly string[], context: Context): Promise<void> {
  const found = await findCommand(typed)
  if (!found) throw await unknownCommand(typed)
  const { name, summary, command } = found
  const asked = command.passThrough ? rest.slice(0, 1) : rest
  if (asked.some((arg) => HELP_FLAGS.has(arg)) && name !== 'help') {
    const { commandHelp } = await import('./help.ts')
    return context.out(commandHelp(name, summary, command))
  }
  await command.run(context, parseArgs(name, command, rest))
}

async function unknownCommand(typed: string): Promise<Failure> {
  const { suggest } = await import('./suggest.ts')
  const near = suggest(typed, [...commandNames, ...Object.keys(aliases)])
  return new Failure(`${typed} is not a paas command.`, { hint: near ? `Did you mean \`paas ${near}\`?` : 'See `paas help`.' })
}

/** A bug of ours: say so without a stack nobody asked for. */
function unexpected(err: unknown): Failure {
  const message = err instanceof Error ? err.message : String(err)
  return new Failure(`Unexpected failure: ${message}`, { cause: err, hint: 'PAAS_DEBUG=1 shows where it happened.' })
}

function paint(text: string, { noteStyle }: Context): string {
  return text.replace(/^ !/gm, ` ${noteStyle.red('!')}`)
}
