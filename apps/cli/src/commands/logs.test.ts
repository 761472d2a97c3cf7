import type { ServerResponse } from 'node:http'
import { beforeEach, describe, expect, it } from 'vitest'
import { type FakePlatform, paas, refuse, startFakePlatform } from '../fake-platform.ts'

let platform: FakePlatform
beforeEach(async () => {
  platform = await startFakePlatform()
})

const calls = () => platform.asked.map(({ call }) => call)
const run = (line: string, options = {}) => paas(line.split(' '), { platform, ...options })

describe('logs', () => {
  const session = () => ({ logplex_url: `${platform.url}/stream?secret=1` })

  it('prints the history and ends', async () => {
    platform.answers = {
      'POST /apps/shop/log-sessions': session,
      'GET /stream?secret=1': (_: unknown, response: ServerResponse) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end('retry: 100\n\nid: 1\ndata: 2026-01-02T10:00:00.000000+00:00 app[web.1]: hello\n\n')
      },
    }
    const { status, stdout } = await run('logs -n 5 -p web.1 -a shop')
    expect({ status, stdout }).toEqual({ status: 0, stdout: '2026-01-02T10:00:00.000000+00:00 app[web.1]: hello\n' })
    expect(platform.asked[0]!.body).toEqual({ lines: 5, tail: false, dyno: 'web.1' })
  })

  it('goes on after the last line when the stream breaks', async () => {
    let streams = 0
    platform.answers = {
      'POST /apps/shop/log-sessions': session,
      'GET /stream?secret=1': ({ headers }: { headers: Record<string, string> }, response: ServerResponse) => {
        streams += 1
        if (streams === 2) return refuse(response, 404, 'not_found', 'This session has ended.')
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        if (streams === 1) response.write('id: 7\ndata: one\n\n', () => setImmediate(() => response.destroy()))
        else response.end(`data: after ${headers['last-event-id']}\n\n`)
      },
    }
    const { status, stdout } = await run('logs -a shop')
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'one\nafter 7\n' })
    expect(calls().filter((call) => call.startsWith('POST'))).toHaveLength(2)
  })
})
