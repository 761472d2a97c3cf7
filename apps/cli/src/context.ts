// What a command gets to work with: the streams and environment it runs in, and
// the platform, opened only when asked for.
import { type Api, openApi } from './api.ts'
import { chooseApp } from './app-name.ts'
import { openSender, type Send } from './connect.ts'
import { Failure } from './failure.ts'
import { readSession, type Session } from './session.ts'
import { type Output, type Style, styleFor } from './terminal.ts'

export interface Surroundings {
  env: Record<string, string | undefined>
  cwd: string
  stdin: NodeJS.ReadStream | (NodeJS.ReadableStream & { isTTY?: boolean })
  stdout: Output
  stderr: Output
}

export interface Context extends Surroundings {
  /** Exit status of a command that did its work: 0, or what a one-off dyno exited with. */
  exitCode: number
  /** A line of data, on stdout. */
  out(line: string): void
  /** A line for the person, on stderr. */
  note(line: string): void
  json(value: unknown): void
  /** `=== shop Dynos`, on stdout. */
  heading(text: string): void
  /** `Scaling web... ` on stderr, ended by what `work` returns (`done, v12`) or `failed`. */
  progress(label: string, work: () => Promise<string>): Promise<void>
  /** Colours of stdout and of stderr. */
  style: Style
  noteStyle: Style
  session: Session
  send: Send
  api: Api
  /** The app of `--app`, PAAS_APP or the git remotes here. */
  app(flags: { app?: string | undefined; remote?: string | undefined }): Promise<string>
}

export function openContext(around: Surroundings): Context {
  const style = styleFor(around.stdout, around.env)
  const noteStyle = styleFor(around.stderr, around.env)
  let session: Session | undefined
  let send: Send | undefined
  let api: Api | undefined
  const out = (line: string) => void around.stdout.write(`${line}\n`)
  return {
    env: around.env,
    cwd: around.cwd,
    stdout: around.stdout,
    stderr: around.stderr,
    get stdin() {
      return around.stdin
    },
    exitCode: 0,
    out,
    note: (line) => void around.stderr.write(`${line}\n`),
    json: (value) => out(JSON.stringify(value, null, 2)),
    heading: (text) => out(style.bold(`=== ${text}`)),
    style,
    noteStyle,
    async progress(label, work) {
      around.stderr.write(`${label}... `)
      try {
        around.stderr.write(`${await work()}\n`)
      } catch (err) {
        around.stderr.write(`${noteStyle.red('failed')}\n`)
        throw err
      }
    },
    get session() {
      return (session ??= readSession(around.env))
    },
    get send() {
      return (send ??= openSender(this.session.caFile, around.env))
    },
    get api() {
      return (api ??= openApi(this.session, this.send))
    },
    async app({ app, remote }) {
      if (app !== undefined && remote !== undefined) throw new Failure('--app and --remote cannot be used together.')
      if (app !== undefined) return app
      const named = remote === undefined ? around.env['PAAS_APP'] : undefined
      if (named) return named
      const { readRemotes } = await import('./repository.ts')
      return chooseApp(await readRemotes(around.cwd), this.session.url, remote)
    },
  }
}
