// The one place where a failure meets HTTP: a new code does not compile until
// it has a status.
import { type ErrorCode, PlatformError } from '@paas/domain/errors'
import type { Logger } from '@paas/service/log'
import type { Middleware } from 'koa'
import type { State } from './request.ts'

const statusOf = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  invalid_params: 422,
  conflict: 409,
  name_taken: 422,
  domain_taken: 422,
  confirmation_required: 422,
  rate_limit: 429,
  payload_too_large: 413,
  push_refused: 422,
  source_refused: 422,
  no_language: 422,
  procfile_invalid: 422,
  build_failed: 422,
  build_timeout: 422,
  build_canceled: 422,
  release_failed: 422,
  boot_failed: 422,
  superseded: 409,
  disk_full: 507,
  engine_unreachable: 503,
  engine_timeout: 503,
  engine_refused: 503,
  engine_too_old: 503,
  host_refused: 422,
  host_unreachable: 422,
  store_unreachable: 503,
  queue_unreachable: 503,
  logs_unreachable: 503,
  settings_invalid: 500,
  stack_failed: 500,
  already_running: 409,
  port_taken: 409,
  registry_unreachable: 503,
  registry_refused: 502,
} satisfies Record<ErrorCode, number>

/** Prisma's codes for a database that is away, busy beyond its pool, or too slow to answer. */
const STORE_AWAY = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'ECONNREFUSED', 'ENOENT', 'ECONNRESET'])

export interface ErrorBody {
  id: string
  message: string
  url: string
  hint?: string
  /** Which kind of thing was not found, where Heroku's CLI looks at it. */
  resource?: string
}

/** Thrown where a 404 must say which resource. */
export class MissingResource extends PlatformError {
  readonly resource: string

  constructor(resource: string, message: string) {
    super('not_found', message)
    this.resource = resource
  }
}

/** For a path that nobody answers, and for one that the asker has no right to know of. */
export function noSuchEndpoint(): PlatformError {
  return new PlatformError('not_found', 'The requested API endpoint was not found.', {
    hint: 'Are you using the right HTTP verb (i.e. `GET` vs. `POST`), and did you specify your intended version?',
  })
}

/** Turns whatever is thrown below it into Heroku's error body. Faults of ours are logged and shown as no more than that. */
export function answerErrors(log: Logger): Middleware<State> {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && (ctx.body === undefined || ctx.body === null)) {
        throw noSuchEndpoint()
      }
    } catch (error) {
      if (ctx.res.headersSent) throw error
      const { status, body } = answerOf(error)
      if (status >= 500)
        log.error({ err: error, method: ctx.method, path: ctx.path, requestId: ctx.state.requestId }, 'request.failed')
      if (status === 401) ctx.set('WWW-Authenticate', 'Basic realm="paas"')
      ctx.status = status
      ctx.body = body
    }
  }
}

/** Status and body for anything that was thrown. */
export function answerOf(error: unknown): { status: number; body: ErrorBody } {
  if (error instanceof PlatformError) {
    const { code, message, hint } = error
    const body: ErrorBody = { id: code, message, url: '' }
    if (hint) body.hint = hint
    if (error instanceof MissingResource) body.resource = error.resource
    return { status: statusOf[code], body }
  }
  if (STORE_AWAY.has(String((error as { code?: unknown } | undefined)?.code))) {
    return {
      status: 503,
      body: { id: 'store_unreachable', message: 'The platform cannot reach its database. Try again in a moment.', url: '' },
    }
  }
  return { status: 500, body: { id: 'internal_server_error', message: 'Something went wrong on our side.', url: '' } }
}
