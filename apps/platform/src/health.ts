// Whether the platform answers, asked the way its users do: through the router.
import http from 'node:http'
import type { Settings } from '@paas/contract/settings'

const TIMEOUT_MS = 2_000

/** True when router, api and Postgres answer together. Goes over loopback, whatever DNS says. */
export function isHealthy({ domain, httpPort }: Pick<Settings, 'domain' | 'httpPort'>): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port: httpPort, path: '/health', headers: { host: domain }, timeout: TIMEOUT_MS }
    const outgoing = http.get(options, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.on('error', () => resolve(false))
  })
}
