// The headers a dyno gets, and those a client gets back: connection-bound ones
// stripped both ways, ours added. Flat lists of name and value, as they go on
// the wire, so that case and repetition survive.
import { addConnectionTokens, HOP_BY_HOP, OURS, PROTECTED } from './forward-names.ts'
import type { RequestHead } from './forward-request.ts'
import type { RouterCode } from './router-codes.ts'

const MAX_RESPONSE_LINE = 512 * 1024
const MAX_SET_COOKIE = 8192
const MAX_STATUS_LINE = 8192

export interface Hop {
  /** The client's address as text. */
  clientAddress: string
  protocol: 'http' | 'https'
  /** The public port the client reached. */
  port: number
  requestId: string
  /** Milliseconds since the epoch. */
  now: number
}

/** Kept when it has 20 to 200 characters of `[A-Za-z0-9+/=-]` (Heroku's rule), else `fresh()`. */
export function requestIdOf(sent: string | undefined, fresh: () => string): string {
  return sent !== undefined && /^[A-Za-z0-9+/=-]{20,200}$/.test(sent) ? sent : fresh()
}

/** What the client's list of addresses becomes: its own claim first, the address we saw on the right. */
export function forwardedFor(head: RequestHead, clientAddress: string): string {
  return head.forwardedFor ? `${head.forwardedFor}, ${clientAddress}` : clientAddress
}

/** `upgrade` passes only when the dyno may change protocols too. A body keeps its framing; none is said to be none. */
export function requestHeaders(
  head: RequestHead,
  rawHeaders: readonly string[],
  hop: Hop,
  fwd: string,
  upgrade: boolean,
): string[] {
  const out: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    if (passesToDyno(name.toLowerCase(), head)) out.push(name, rawHeaders[i + 1]!)
  }
  out.push('X-Forwarded-For', fwd, 'X-Forwarded-Proto', hop.protocol, 'X-Forwarded-Port', String(hop.port))
  out.push('X-Request-Id', hop.requestId, 'X-Request-Start', String(hop.now), 'Via', head.http10 ? '1.0 paas' : '1.1 paas')
  if (head.body === 'chunked') out.push('Transfer-Encoding', 'chunked')
  else if (head.body !== undefined) out.push('Content-Length', String(head.body))
  else if (head.method === 'POST' || head.method === 'PUT' || head.method === 'PATCH') out.push('Content-Length', '0')
  if (upgrade && head.upgrade !== undefined) out.push('Connection', 'Upgrade', 'Upgrade', head.upgrade)
  return out
}

/**
 * CGI-style servers read `X_Forwarded_For` as `X-Forwarded-For`, and `Proxy` as their own proxy setting
 * (httpoxy.org): neither may come from outside.
 */
function passesToDyno(name: string, head: RequestHead): boolean {
  if (HOP_BY_HOP.has(name) || OURS.has(name) || name === 'content-length' || name === 'proxy') return false
  if (head.connection.has(name) && !PROTECTED.has(name)) return false
  return !(name.includes('_') && PROTECTED.has(name.replaceAll('_', '-')))
}

export interface RawResponse {
  statusCode?: number | undefined
  statusMessage?: string | undefined
  rawHeaders: readonly string[]
}

/** The headers to send on, or the code of what a dyno must not answer. `Trailer` never passes: trailers are not forwarded. */
export function responseHeaders(response: RawResponse): string[] | RouterCode {
  const { statusCode = 0, statusMessage = '', rawHeaders } = response
  if (statusCode < 200 || statusCode > 599) return 'H17'
  if (statusMessage.length + 13 > MAX_STATUS_LINE) return 'H25'
  if (/[^\t\x20-\x7e\x80-\xff]/.test(statusMessage)) return 'H17'
  const connection = new Set<string>()
  let codings = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    const value = rawHeaders[i + 1]!
    if (name.length + value.length + 2 > MAX_RESPONSE_LINE) return 'H25'
    if (name === 'set-cookie' && value.length > MAX_SET_COOKIE) return 'H25'
    if (name === 'connection') addConnectionTokens(value, connection)
    if (name === 'transfer-encoding' && (value.toLowerCase() !== 'chunked' || (codings += 1) > 1)) return 'H17'
  }
  const out: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (HOP_BY_HOP.has(name) || (connection.has(name) && !PROTECTED.has(name))) continue
    if (name === 'content-length' && statusCode === 204) continue
    out.push(rawHeaders[i]!, rawHeaders[i + 1]!)
  }
  out.push('Via', '1.1 paas')
  return out
}

/** The headers of a 101 to send on; undefined when it does not name the new protocol. */
export function upgradeHeaders({ rawHeaders }: RawResponse): string[] | undefined {
  const connection = new Set<string>()
  let protocol: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (name === 'connection') addConnectionTokens(rawHeaders[i + 1]!, connection)
    if (name === 'upgrade') protocol = rawHeaders[i + 1]!
  }
  if (!protocol || !connection.has('upgrade')) return undefined
  const out = ['Connection', 'Upgrade', 'Upgrade', protocol]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (HOP_BY_HOP.has(name) || name === 'content-length' || (connection.has(name) && !PROTECTED.has(name))) continue
    out.push(rawHeaders[i]!, rawHeaders[i + 1]!)
  }
  out.push('Via', '1.1 paas')
  return out
}
