// The line a request leaves in its app's log, in Heroku's form
// (devcenter.heroku.com/articles/http-routing#heroku-router-log-format).
import { ROUTER_CODES, type RouterCode } from './router-codes.ts'

export interface RouterLine {
  code?: RouterCode | undefined
  /** Says more than the code's own text, where one code has several causes. */
  desc?: string | undefined
  method: string
  path: string
  host: string
  requestId: string
  /** The X-Forwarded-For the dyno saw. */
  fwd: string
  dyno?: string | undefined
  connectMs?: number | undefined
  serviceMs?: number | undefined
  status: number
  /** Body bytes sent to the client. */
  bytes?: number | undefined
  protocol: 'http' | 'https'
}

/** `at=info method=GET path="/" host=shop.example.com …`, one line whatever the client sent. */
export function routerLine(line: RouterLine): string {
  const { code, connectMs, serviceMs } = line
  const at =
    code === undefined
      ? 'at=info'
      : `at=${code === 'H80' ? 'info' : 'error'} code=${code} desc="${line.desc ?? ROUTER_CODES[code].desc}"`
  return (
    `${at} method=${line.method} path="${printable(line.path)}" host=${line.host} request_id=${line.requestId}` +
    ` fwd="${printable(line.fwd)}" dyno=${line.dyno ?? ''} connect=${millis(connectMs)} service=${millis(serviceMs)}` +
    ` status=${line.status} bytes=${line.bytes ?? ''} protocol=${line.protocol}`
  )
}

function millis(ms: number | undefined): string {
  return ms === undefined ? '' : `${Math.round(ms)}ms`
}

/** Quotes and control characters could end the field, or the line, early. */
function printable(text: string): string {
  return /["\\\x00-\x1f\x7f]/.test(text) ? text.replace(/["\\\x00-\x1f\x7f]/g, encodeURIComponent) : text
}
