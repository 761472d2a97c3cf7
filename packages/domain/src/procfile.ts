// The Procfile: which process types an app has and how each is started.
//
// Heroku's rule for a line is `<type>: <command>` with a type of letters,
// digits, `-` and `_` (devcenter.heroku.com/articles/procfile). Where it skips
// a line it cannot read, we refuse it and name it: a skipped `wbe: …` would
// otherwise show up as an app without dynos.
import { PlatformError } from './errors.ts'

const LINE = /^([A-Za-z0-9_-]+)\s*:\s*(\S.*)$/
const TYPE_MAX = 63

/** Commands by process type, in the file's order. Blank lines and lines that begin with # are skipped. Throws `procfile_invalid`, naming the line. */
export function parseProcfile(text: string): Record<string, string> {
  const types = new Map<string, { command: string; line: number }>()
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, type = '', command = ''] = LINE.exec(line) ?? []
    if (!type || type.length > TYPE_MAX || line.includes('\0'))
      throw invalid(index + 1, `is not "<process type>: <command>": ${shown(line)}`)
    const before = types.get(type)
    if (before) throw invalid(index + 1, `names "${type}" again, which line ${before.line} has already`)
    types.set(type, { command, line: index + 1 })
  }
  // Numeric-looking names would be moved to the front by an object; nobody starts a process type called 1.
  return Object.fromEntries([...types].map(([type, { command }]) => [type, command]))
}

function invalid(line: number, what: string): PlatformError {
  return new PlatformError('procfile_invalid', `Procfile line ${line} ${what}`, { hint: 'For example: web: node server.js' })
}

/** The start of a line, without what would move a terminal's cursor. */
function shown(line: string): string {
  const printable = line.replace(/[\x00-\x1f\x7f-\x9f]/g, '?')
  return printable.length > 80 ? `${printable.slice(0, 80)}…` : printable
}
