// Header names that belong to one connection, or to the router itself.

/** End at every hop (RFC 9110 section 7.6.1), whether or not `Connection` lists them. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Names that `Connection` may not remove: framing, the name of the app, and what the router itself vouches for. */
export const PROTECTED: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-host',
  'x-request-id',
  'x-request-start',
  'via',
])

/** The router sets these itself; what the client sent under them is replaced or appended to. */
export const OURS: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-request-id',
  'x-request-start',
])

/** Adds the names a `Connection` value lists, lower case. */
export function addConnectionTokens(value: string, into: Set<string>): Set<string> {
  for (const token of value.split(',')) {
    const name = token.trim().toLowerCase()
    if (name !== '') into.add(name)
  }
  return into
}
