// What can go wrong in a way we expect, and say so to the person who caused it.

/** Public: scripts match on these, so never rename one. */
export type ErrorCode =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'invalid_params'
  | 'conflict'
  | 'name_taken'
  | 'domain_taken'
  | 'confirmation_required'
  | 'rate_limit'
  | 'payload_too_large'
  | 'push_refused'
  | 'source_refused'
  | 'no_language'
  | 'procfile_invalid'
  | 'build_failed'
  | 'build_timeout'
  | 'build_canceled'
  | 'release_failed'
  | 'boot_failed'
  | 'superseded'
  | 'disk_full'
  | 'stack_failed'
  | 'engine_unreachable'
  | 'engine_timeout'
  | 'engine_refused'
  | 'engine_too_old'
  | 'host_refused'
  | 'host_unreachable'
  | 'store_unreachable'
  | 'queue_unreachable'
  | 'logs_unreachable'
  | 'settings_invalid'
  | 'already_running'
  | 'port_taken'
  | 'registry_unreachable'
  | 'registry_refused'

/** An expected failure, shown to the user as is. `message` says what happened, `hint` what to do next. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError'
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { hint?: string } = {}) {
    super(message, options)
    this.code = code
    this.hint = options.hint
  }
}

/** Throws when `condition` does not hold: a bug to fix, never a case to handle. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`)
}
