// Which lines a reader asked for.
import type { LogSource } from './log-line.ts'

export interface LogFilter {
  source?: LogSource | undefined
  /** `web.1`, or a whole type `web`. */
  dyno?: string | undefined
}

/** True when a line of this source and dyno is wanted: `web` means every `web.<n>`, `router` the router. */
export function wantsLine({ source, dyno }: LogFilter, lineSource: LogSource, lineDyno: string): boolean {
  if (source !== undefined && source !== lineSource) return false
  return dyno === undefined || dyno === lineDyno || lineDyno.startsWith(`${dyno}.`)
}
