// Opens connections to a platform: names of this machine without DNS or proxy,
// the platform's own CA, deadlines, and failures that say what to check.
//
// `process.getBuiltinModule` instead of import: the ESM facade of node:http
// touches every export, WebSocket among them, and so loads all of undici
// (measured: 53 ms to start instead of 26).
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import { Failure } from './failure.ts'
import { isLocalName, isLoopback } from './platform-hosts.ts'

const CONNECT_TIMEOUT_MS = 10_000

type Env = Record<string, string | undefined>

export interface Outgoing {
  method: string
  headers: Record<string, string>
  body?: string
  /** Longest pause between two bytes of the answer. */
  silenceMs: number
  signal?: AbortSignal
}

export type Send = (url: URL, outgoing: Outgoing) => Promise<IncomingMessage>

/** A sender with one pool of kept-alive connections. It resolves with the answer's head; any failure is a `Failure`. */
export function openSender(caFile: string | undefined, env: Env): Send {
  const pools = new Map<string, import('node:http').Agent>()
  return (url, outgoing) => {
    const secure = url.protocol === 'https:'
    const http = secure ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http')
    const pool = `${url.protocol}${isLoopback(url.hostname)}`
    let agent = pools.get(pool)
    if (!agent) {
      agent = new http.Agent({ keepAlive: true, ...(isLoopback(url.hostname) ? {} : { proxyEnv: env as NodeJS.ProcessEnv }) })
      pools.set(pool, agent)
    }
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = http.request(url, {
      agent,
      method: outgoing.method,
      headers: outgoing.headers,
      ...(outgoing.signal ? { signal: outgoing.signal } : {}),
      ...localLookup(url.hostname),
      ...(secure && caFile ? { ca: readAuthorities(caFile) } : {}),
    })
    const connecting = setTimeout(() => request.destroy(systemError('ETIMEDOUT')), CONNECT_TIMEOUT_MS)
    request.once('socket', (socket) => {
      const connected = () => clearTimeout(connecting)
      if (!socket.connecting) connected()
      else socket.once(secure ? 'secureConnect' : 'connect', connected)
    })
    request.setTimeout(outgoing.silenceMs, () => request.destroy(systemError('ESILENT')))
    request.once('response', (response) => {
      clearTimeout(connecting)
      resolve(response)
    })
    request.once('error', (err) => {
      clearTimeout(connecting)
      reject(explain(err as NodeJS.ErrnoException, url))
    })
    request.end(outgoing.body)
    return promise
  }
}

/** `*.localhost` is this machine (RFC 6761), which not every resolver knows. */
export function localLookup(hostname: string): { lookup?: LookupFunction } {
  if (!isLocalName(hostname)) return {}
  return {
    lookup: (_name, options, done) => {
      if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
      else done(null, '127.0.0.1', 4)
    },
  }
}

/** The system's authorities and the platform's own; Node takes `ca` as a replacement, and a platform may have a public certificate too. */
export function readAuthorities(caFile: string): string[] {
  try {
    return [...process.getBuiltinModule('node:tls').getCACertificates('default'), readFileSync(caFile, 'utf8')]
  } catch (err) {
    throw new Failure(`Cannot read the CA file ${caFile}: ${(err as Error).message}`, {
      cause: err,
      hint: 'Give its new place with PAAS_CA_FILE, or log in again with --ca-file.',
    })
  }
}

/** What a failed connection to `url` means to the person at the keyboard. */
export function explain(err: NodeJS.ErrnoException, url: Pick<URL, 'host' | 'hostname' | 'protocol'>): Failure {
  const code = err.code ?? (err.cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  const known = CAUSES[code]?.(url)
  return new Failure(known?.[0] ?? `The connection to ${url.host} failed: ${err.message}`, {
    cause: err,
    id: code,
    hint: known?.[1] ?? 'Check the network, and the address with `paas whoami`.',
  })
}

type Cause = (url: Pick<URL, 'host' | 'hostname' | 'protocol'>) => [message: string, hint: string]

const unknownAuthority: Cause = ({ host }) => [
  `${host} has a certificate of an authority this machine does not know.`,
  "Give the platform's CA file (tls/ca.pem in its data directory): `paas login --ca-file FILE`, or PAAS_CA_FILE.",
]

const CAUSES: Record<string, Cause> = {
  ECONNREFUSED: ({ host, hostname }) => [
    `Nothing listens at ${host} (connection refused).`,
    isLoopback(hostname)
      ? 'Is the platform running? `bin/up` in its directory starts it. For another platform: `paas login --url URL`.'
      : 'Is the platform running, and is this its address? Change it with `paas login --url URL` or PAAS_URL.',
  ],
  ENOTFOUND: ({ hostname }) => [`No host is named ${hostname}.`, 'Check the address: `paas login --url URL`, or PAAS_URL.'],
  EAI_AGAIN: ({ hostname }) => [`The name ${hostname} could not be looked up.`, 'Check the network and its DNS servers.'],
  ETIMEDOUT: ({ host }) => [
    `${host} does not answer (no connection within 10 s).`,
    'Check the network, a firewall on the way, and the address.',
  ],
  ESILENT: ({ host }) => [`${host} was silent for too long.`, 'The change may have been made: look before you repeat it.'],
  ECONNRESET: ({ host }) => [
    `${host} closed the connection before it answered.`,
    'The change may have been made: look before you repeat it.',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_HAS_EXPIRED: ({ host }) => [
    `The certificate of ${host} has expired.`,
    "Ask the platform's admin; check this machine's clock.",
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ({ host }) => [
    `${host} shows a certificate of another name.`,
    "Use the name the platform was set up with; this may also be somebody else's machine.",
  ],
  EPROTO: ({ host }) => [`${host} does not speak TLS there.`, 'Try http:// in the address, or its HTTPS port.'],
}

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}
