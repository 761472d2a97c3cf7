// One line of an app's log. The source comes from the channel a line arrived
// on, never from its text, so an app cannot forge the platform's lines.

/** `app` for what users' code prints, `heroku` for what the platform says (Heroku's own two names). */
export type LogSource = 'app' | 'heroku'

export interface LogLine {
  /** Microseconds since the epoch. */
  at: number
  source: LogSource
  /** `web.1`, `run.12`, `release.1`, `router`, `api`, `build`. */
  dyno: string
  text: string
}

/** `2026-01-02T03:04:05.678901+00:00 app[web.1]: text`, as Heroku's Logplex prints it. */
export function formatLogLine({ at, source, dyno, text }: LogLine): string {
  return `${formatInstant(at)} ${source}[${dyno}]: ${text}`
}

/** `2026-01-02T03:04:05.678901+00:00` of microseconds since the epoch. */
export function formatInstant(at: number): string {
  const micros = String(Math.floor(at % 1_000_000)).padStart(6, '0')
  return `${new Date(Math.floor(at / 1000)).toISOString().slice(0, 19)}.${micros}+00:00`
}
