// Addresses given out. They follow the address the request came in by, since
// one platform is reached as localhost:8443, through a tunnel and by its name.
import type { Settings } from '@paas/contract/settings'
import type { Context } from './request.ts'

const HOST = /^([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?$/i
const DEFAULT_PORTS: Record<string, string> = { http: '80', https: '443' }

export interface PublicAddress {
  scheme: 'http' | 'https'
  hostname: string
  /** `:8443`; empty when it is the scheme's own. */
  port: string
}

/** Where this request was sent to, as the router in front of us saw it. */
export function publicAddress(ctx: Context, settings: Pick<Settings, 'domain'>): PublicAddress {
  const scheme = ctx.get('x-forwarded-proto').split(',').at(-1)?.trim() === 'http' ? 'http' : 'https'
  const [, hostname = settings.domain, written = ''] = HOST.exec(ctx.get('host').trim()) ?? []
  const port = written.slice(1) || /^\d{1,5}$/.exec(ctx.get('x-forwarded-port').trim())?.[0] || ''
  return { scheme, hostname: hostname.toLowerCase(), port: port === '' || port === DEFAULT_PORTS[scheme] ? '' : `:${port}` }
}

export function apiUrl(address: PublicAddress, path: string): string {
  return `${address.scheme}://${address.hostname}${address.port}${path}`
}

export function webUrl(address: PublicAddress, settings: Pick<Settings, 'domain'>, app: string): string {
  return `${address.scheme}://${app}.${settings.domain}${address.port}/`
}

export function gitUrl(address: PublicAddress, app: string): string {
  return `${address.scheme}://${address.hostname.replace(/^api\./, '')}${address.port}/${app}.git`
}

/** The CLI checks the certificate against the name it finds here, so it is the one it already talks to. */
export function attachUrl(address: PublicAddress, settings: Pick<Settings, 'rendezvousPort'>, secret: string): string {
  return `rendezvous://${address.hostname}:${settings.rendezvousPort}/${secret}`
}
