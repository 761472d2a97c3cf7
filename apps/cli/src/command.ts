// What a command is: its usage, flags and examples as data (help, completion and
// the parser read the same table), and a run function that gets them parsed.
import type { Context } from './context.ts'

export interface Flag {
  /** One letter: `-a`. */
  short?: string
  /** Placeholder of its value in help; without it the flag is a switch. */
  value?: string
  /** May be given several times. */
  many?: true
  summary: string
}

export type Flags = Record<string, Flag>

export type FlagValues<F extends Flags> = {
  [K in keyof F]: F[K] extends { many: true } ? string[] : F[K] extends { value: string } ? string | undefined : boolean
}

export interface Parsed<F extends Flags = Flags> {
  args: string[]
  flags: FlagValues<F>
}

export interface Command<F extends Flags = Flags> {
  /** `NAME` required, `[NAME]` optional, `NAME...` one or more, `[NAME...]` any number, separated by spaces. */
  args: string
  /** Everything from the first argument on belongs to the command, flags too: `paas run ls -la`. */
  passThrough?: true
  flags: F
  examples: readonly string[]
  /** Longer explanation for help, a few lines. */
  details?: string
  run(context: Context, parsed: Parsed<F>): Promise<void>
}

/** Keeps the types of `flags` for `run`; the table holds commands of any flags. */
export function command<const F extends Flags>(definition: Command<F>): Command {
  return definition as unknown as Command
}

export const appFlags = {
  app: { short: 'a', value: 'NAME', summary: 'app to run the command on' },
  remote: { short: 'r', value: 'NAME', summary: 'git remote of the app to run the command on' },
} as const satisfies Flags

export const jsonFlag = { json: { summary: "print the API's own objects as JSON" } } as const satisfies Flags

export const waitFlag = { 'no-wait': { summary: 'return as soon as the change is accepted' } } as const satisfies Flags
