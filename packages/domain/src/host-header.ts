// Whose name a request calls: the Host header, read strictly.
//
// Two readers of one Host must never see two names (that is how one app's
// request reaches another's), so whatever is not plainly a name or an address
// is refused rather than repaired. RFC 9110 section 7.2, RFC 9112 section 3.2.

export interface HostHeader {
  /** Lower case, without port and trailing dot; an IPv6 address without brackets. */
  hostname: string
  port: number | undefined
  /** The name is an IPv4 or IPv6 address. */
  address: boolean
}

/** Longest name DNS can carry, in text form (RFC 1035 section 2.3.4). */
const MAX_NAME = 253

const NAME =
  /^([A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*)\.?(?::(\d{0,5}))?$/
const IPV6 = /^\[([0-9A-Fa-f:.]{2,45})\](?::(\d{0,5}))?$/
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/

/** Undefined when it is not exactly one name or address with at most one port. Raw Unicode is refused: names travel as punycode. */
export function parseHost(value: string): HostHeader | undefined {
  const six = value.startsWith('[')
  const match = (six ? IPV6 : NAME).exec(value)
  if (!match) return undefined
  const hostname = match[1]!.toLowerCase()
  if (hostname.length > MAX_NAME) return undefined
  const port = match[2] ? Number(match[2]) : undefined
  if (port !== undefined && port > 65535) return undefined
  return { hostname, port, address: six || IPV4.test(hostname) }
}

/** Which stage of the platform a name belongs to; undefined when it is an app's. An address is `DOMAIN` itself: a fresh machine has no DNS. */
export function platformStage(host: HostHeader, path: string, domain: string): 'api' | 'receiver' | undefined {
  const { hostname } = host
  if (hostname === `git.${domain}`) return 'receiver'
  if (hostname === `api.${domain}`) return 'api'
  if (hostname !== domain && !host.address) return undefined
  return isRepositoryPath(path) ? 'receiver' : 'api'
}

/** `/shop.git/info/refs` is, `/apps/shop.git` is not. */
function isRepositoryPath(path: string): boolean {
  const end = path.indexOf('/', 1)
  return end > 5 && path.endsWith('.git', end)
}
