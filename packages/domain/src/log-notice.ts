// How the platform says in the stream itself that lines are missing: Logplex's
// own wording (devcenter.heroku.com/articles/error-codes, L10 and L11).
import { formatInstant } from './log-line.ts'

/** L10: more lines came than could be taken. L11: one reader was too slow. */
export type DropCode = 'L10' | 'L11'

const REASONS: Record<DropCode, string> = { L10: 'output buffer overflow', L11: 'tail buffer overflow' }

/** `count` undefined: lines are known to be missing, but not how many. `since` in microseconds. */
export function formatDropNotice(code: DropCode, count: number | undefined, since: number): string {
  return `Error ${code} (${REASONS[code]}): ${count ?? 'an unknown number of'} messages dropped since ${formatInstant(since)}.`
}
