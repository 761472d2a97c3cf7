// Whether the platform answers, asked the way its users do: through the router.
import http from 'node:http'
import type { Settings } from '@paas/contract/settings'

const TIMEOUT_MS = 2_000

/** True when router, api and Postgres answer together. */
export async function isHealthy({ domain, httpPort }: Pick<Settings, 'domain' | 'httpPort'>): Promise<boolean> {
  return (await request({ domain, httpPort }, 'GET', '/health').catch(() => undefined))?.status === 200
}

/** One request to the platform's own address over loopback, whatever DNS says. */
export function request(
  { domain, httpPort }: Pick<Settings, 'domain' | 'httpPort'>,
  method: string,
  path: string,
  options: { auth?: string; body?: unknown } = {},
): Promise<{ status: number; body: string }> {
  const headers = { host: domain, accept: 'application/vnd.heroku+json; version=3', 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      { host: '127.0.0.1', port: httpPort, method, path, headers, auth: options.auth, timeout: TIMEOUT_MS },
      (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('data', (chunk) => {
          body += chunk
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
      },
    )
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')))
    outgoing.on('error', reject)
    outgoing.end(options.body === undefined ? undefined : JSON.stringify(options.body))
  })
}
