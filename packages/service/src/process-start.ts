// Which process a number stands for: numbers are given again, so that only
// number and start together name one.
import { readFileSync } from 'node:fs'

/** In clock ticks after boot; undefined when there is no such process, or only its zombie. proc(5), field 22, counted after the name's last parenthesis. */
export function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}
