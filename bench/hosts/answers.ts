// Whether somebody answers, asked with a connection of its own each time.
import { request } from 'node:http'
import type { TestPlatform } from '@paas/testing/platform'

const ANSWER_DEADLINE_MS = 1_000

/** Does `GET /` answer 200 there? */
export async function answersAt(host: string, port: number): Promise<boolean> {
  return (await answerOf(host, port)) !== undefined
}

/** What the app says, without the end of the line; undefined: no answer within a second, or none with 200. */
export function answerThroughRouter(platform: TestPlatform, app: string): Promise<string | undefined> {
  return answerOf('127.0.0.1', platform.httpPort, `${app}.${platform.domain}`)
}

function answerOf(host: string, port: number, hostname?: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = hostname ? { host: hostname } : {}
    const asked = request({ host, port, path: '/', headers, agent: false, timeout: ANSWER_DEADLINE_MS }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text) => {
        body += text
      })
      response.once('end', () => resolve(response.statusCode === 200 ? body.trim() : undefined))
      response.once('error', () => resolve(undefined))
    })
    asked.once('timeout', () => asked.destroy(new Error('silence')))
    asked.once('error', () => resolve(undefined))
    asked.end()
  })
}
