// A failure the CLI shows and exits with. Not a PlatformError: the codes of
// those are a closed list of ours, while an API (ours or another one that speaks
// Heroku's) may answer with any id, and a few failures exit with a status of their own.

export class Failure extends Error {
  override readonly name = 'Failure'
  /** What to do next, one or more lines. */
  readonly hint: string | undefined
  readonly exitCode: number
  /** HTTP status, when an API said so. */
  readonly status: number | undefined
  /** The API's error id, or the system's error code (`ECONNREFUSED`). */
  readonly id: string | undefined

  constructor(
    message: string,
    options: ErrorOptions & { hint?: string | undefined; exitCode?: number; status?: number; id?: string | undefined } = {},
  ) {
    super(message, options)
    this.hint = options.hint
    this.exitCode = options.exitCode ?? 1
    this.status = options.status
    this.id = options.id
  }
}

/** ` !     No app named shop.` and under it the hint, each line indented alike. */
export function formatFailure(failure: Pick<Failure, 'message' | 'hint'>): string {
  const lines = [failure.message, ...(failure.hint ? [failure.hint] : [])].flatMap((text) => text.trimEnd().split('\n'))
  return lines.map((line) => ` !     ${line}`.trimEnd()).join('\n')
}
