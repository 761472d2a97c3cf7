// What a host's link is to be, as the text that its container keeps and makes
// true (infra/stack/link.sh): shell assignments, read at every start.
import { isIPv4 } from 'node:net'
import { PlatformError } from '@paas/domain/errors'
import { type Rules, restoreText } from './firewall-rules.ts'

/** Fits a path of 1500 bytes with an IPv6 outer header. */
export const MTU = 1420
/** Keeps what lies between two hosts (NAT, firewalls that remember UDP for 30 s) open, and makes them greet at once. */
const KEEPALIVE_SECONDS = 25

export interface LinkPeer {
  publicKey: string
  /** `192.0.2.7:51820`; undefined: where it last wrote from. */
  endpoint?: string
  /** What it may send from, and what is routed to it: its link address and its range of app networks. */
  allowedIps: readonly string[]
}

export interface LinkWanted {
  /** Of this host on the link. */
  address: string
  listenPort: number
  peers: readonly LinkPeer[]
  /** Every range of the platform's: what is routed to no host and no bridge leads nowhere. */
  ranges: readonly string[]
  rules: readonly Rules[]
}

/** Throws `invalid_params` for what is no key, address or range: all of it comes from rows. */
export function wantedText({ address, listenPort, peers, ranges, rules }: LinkWanted): string {
  const endpoints = peers.flatMap(({ endpoint }) => (endpoint ? [hostOf(endpoint)] : []))
  return `${Object.entries({
    address: checked('address', address, isIPv4(address)),
    port: String(listenPort),
    mtu_max: String(MTU),
    endpoints: endpoints.join(' '),
    routes: peers.flatMap(({ allowedIps }) => allowedIps.map((range) => checked('range', range, isRange(range)))).join(' '),
    ranges: ranges.map((range) => checked('range', range, isRange(range))).join(' '),
    peers: peers.map(peerText).join('\n'),
    rules: restoreText(rules),
    hooks: rules.flatMap(({ hooks }) => hooks).join('\n'),
  })
    .map(([name, value]) => `${name}='${checked(name, value, !value.includes("'"))}'`)
    .join('\n')}\n`
}

function peerText({ publicKey, endpoint, allowedIps }: LinkPeer): string {
  return [
    '[Peer]',
    `PublicKey = ${checked('public key', publicKey, /^[A-Za-z0-9+/]{43}=$/.test(publicKey))}`,
    ...(endpoint ? [`Endpoint = ${endpoint}`] : []),
    `AllowedIPs = ${allowedIps.join(', ')}`,
    `PersistentKeepalive = ${KEEPALIVE_SECONDS}`,
    '',
  ].join('\n')
}

/** The address of `192.0.2.7:51820`: names are resolved by whoever asks us, where the answer can be seen. */
function hostOf(endpoint: string): string {
  const [, v4, v6] = /^(?:([\d.]+)|\[([\da-f:]+)\]):\d{1,5}$/i.exec(endpoint) ?? []
  return checked('endpoint', v4 ?? v6 ?? endpoint, v4 !== undefined || v6 !== undefined)
}

function isRange(range: string): boolean {
  const [address = '', bits = '32', ...more] = range.split('/')
  return isIPv4(address) && /^\d{1,2}$/.test(bits) && Number(bits) <= 32 && more.length === 0
}

function checked(what: string, value: string, right: boolean): string {
  if (right) return value
  throw new PlatformError('invalid_params', `A link's ${what} cannot be ${JSON.stringify(value)}`)
}
