// Each dyno gets a colour of its own, in the order they appear, as Heroku's CLI
// does it; the platform's own lines about failures stand out.
import type { Style } from './terminal.ts'

const LINE = /^(\S+ [\w-]+\[([^\]]+)\]:)(.*)$/s

/** Paints the part of a line before its text; lines of another form stay as they are. */
export function createLogPainter(style: Style): (line: string) => string {
  const palette = [style.cyan, style.yellow, style.green, style.magenta, style.blue]
  const assigned = new Map<string, (text: string) => string>()
  return (line) => {
    const [, prefix, dyno, text] = LINE.exec(line) ?? []
    if (prefix === undefined || dyno === undefined || text === undefined) return line
    let paint = assigned.get(dyno)
    if (!paint) {
      paint = palette[assigned.size % palette.length]!
      assigned.set(dyno, paint)
    }
    return paint(prefix) + (/^ (?:at=error |Error [A-Z]\d\d )/.test(text) ? style.red(text) : text)
  }
}
