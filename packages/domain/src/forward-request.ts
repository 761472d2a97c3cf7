// A request's head on its way in: the checks that decide whether it goes any
// further. What two parsers could read in two ways is refused here, so that a
// dyno never sees another request than the router did. RFC 9112.
import { addConnectionTokens } from './forward-names.ts'
import { type HostHeader, parseHost } from './host-header.ts'

const MAX_REQUEST_LINE = 8192
const MAX_HEADER_LINE = 8192
const MAX_HEADER_NAME = 1000
const MAX_HEADERS = 1000
const MAX_METHOD = 127

export interface RequestHead {
  method: string
  /** Origin form (`/a?b`), or `*`. */
  path: string
  http10: boolean
  host: HostHeader
  /** How the body is framed; undefined: there is none. */
  body: 'chunked' | number | undefined
  /** What `Connection` lists, lower case. */
  connection: ReadonlySet<string>
  /** The protocol the client wants to change to. */
  upgrade: string | undefined
  expectsContinue: boolean
  /** All X-Forwarded-For lines as one list. */
  forwardedFor: string | undefined
  requestId: string | undefined
  accept: string | undefined
}

export interface BadRequest {
  status: 400 | 417
  desc: string
}

/** The parts of Node's IncomingMessage that are looked at. */
export interface RawRequest {
  method?: string | undefined
  url?: string | undefined
  httpVersion: string
  /** Name, value, name, value: as they came. */
  rawHeaders: readonly string[]
}

/** Reads the head in one pass, or says why it is refused. */
export function readRequestHead(raw: RawRequest): RequestHead | BadRequest {
  const { method = '', url = '', httpVersion, rawHeaders } = raw
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return bad('HTTP version')
  if (method.length > MAX_METHOD || method === 'CONNECT') return bad('Method not allowed')
  if (method.length + url.length + 10 > MAX_REQUEST_LINE) return bad('Request line too long')
  if (rawHeaders.length > MAX_HEADERS * 2) return bad('Too many headers')
  const seen: Seen = { connection: new Set() }
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!
    const value = rawHeaders[i + 1]!
    if (name.length > MAX_HEADER_NAME || name.length + value.length + 2 > MAX_HEADER_LINE) return bad('Header line too long')
    const fault = see(seen, name, value)
    if (fault) return fault
  }
  const http10 = httpVersion === '1.0'
  const host = hostOf(seen.host, url, http10)
  if (!host) return bad('Bad host')
  const path = pathOf(url, method)
  if (path === undefined) return bad('Bad request target')
  if (seen.chunked && (http10 || seen.length !== undefined)) return bad('Bad framing')
  const upgrade = !http10 && seen.connection.has('upgrade') ? seen.upgrade : undefined
  return {
    method,
    path,
    http10,
    host,
    body: seen.chunked ? 'chunked' : seen.length,
    connection: seen.connection,
    upgrade,
    expectsContinue: seen.expect === true && !http10,
    forwardedFor: seen.forwardedFor,
    requestId: seen.requestId,
    accept: seen.accept,
  }
}

interface Seen {
  connection: Set<string>
  host?: string
  chunked?: boolean
  length?: number
  upgrade?: string
  expect?: boolean
  forwardedFor?: string
  requestId?: string
  accept?: string
}

function see(seen: Seen, rawName: string, value: string): BadRequest | undefined {
  switch (rawName.toLowerCase()) {
    case 'host':
      if (seen.host !== undefined) return bad('More than one host')
      seen.host = value
      return
    case 'connection':
      addConnectionTokens(value, seen.connection)
      return
    case 'content-length': {
      const length = /^\d{1,15}$/.test(value) ? Number(value) : undefined
      if (length === undefined || (seen.length !== undefined && seen.length !== length)) return bad('Bad content-length')
      seen.length = length
      return
    }
    case 'transfer-encoding':
      if (seen.chunked || value.toLowerCase() !== 'chunked') return bad('Bad transfer-encoding')
      seen.chunked = true
      return
    case 'expect':
      if (value.toLowerCase() !== '100-continue') return { status: 417, desc: 'Expectation failed' }
      seen.expect = true
      return
    case 'upgrade':
      seen.upgrade = seen.upgrade === undefined ? value : `${seen.upgrade}, ${value}`
      return
    case 'x-forwarded-for':
      seen.forwardedFor = seen.forwardedFor === undefined ? value : `${seen.forwardedFor}, ${value}`
      return
    case 'x-request-id':
      seen.requestId = value
      return
    case 'accept':
      seen.accept = value
  }
}

/** The one name a request has: an absolute target must agree with Host; only HTTP/1.0 may leave Host out, and then names nobody's app. */
function hostOf(header: string | undefined, url: string, http10: boolean): HostHeader | undefined {
  const authority = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]
  if (header === undefined) {
    if (!http10) return undefined
    return authority === undefined ? { hostname: '', port: undefined, address: false } : parseHost(authority)
  }
  const host = parseHost(header)
  if (!host || authority === undefined) return host
  return parseHost(authority)?.hostname === host.hostname ? host : undefined
}

function pathOf(url: string, method: string): string | undefined {
  if (url.startsWith('/')) return url
  if (url === '*') return method === 'OPTIONS' ? url : undefined
  const rest = /^https?:\/\/[^/?#]*(.*)$/i.exec(url)?.[1]
  if (rest === undefined) return undefined
  return rest.startsWith('/') ? rest : `/${rest}`
}

function bad(desc: string): BadRequest {
  return { status: 400, desc }
}
