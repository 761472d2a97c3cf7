// Asks an engine for a sign of life, as a platform elsewhere would: over TCP, with or without its certificate.
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import path from 'node:path'
import type { TestHost } from './host.ts'

/** Status of the answer, or why there was none (`ECONNREFUSED`; `silence` after `deadlineMs`). */
export function ping(host: TestHost, { certificate = true, deadlineMs = 2_000 } = {}): Promise<number | string> {
  const pem = (file: string) => readFileSync(path.join(host.certPath, file))
  const client = certificate ? { cert: pem('cert.pem'), key: pem('key.pem') } : {}
  const url = new URL('/_ping', host.url.replace('tcp:', 'https:'))
  return new Promise((resolve) => {
    const asked = request(url, { ca: pem('ca.pem'), agent: false, ...client }, (response) => {
      response.resume()
      settle(response.statusCode!)
    })
    const timer = setTimeout(() => settle('silence'), deadlineMs)
    asked.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? error.message))
    asked.end()
    function settle(answer: number | string) {
      clearTimeout(timer)
      asked.destroy()
      resolve(answer)
    }
  })
}
