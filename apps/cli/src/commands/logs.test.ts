import { describe, expect } from 'vitest'
import { it } from '../cli.fixture.ts'
import { refuse } from '../platform.fixture.ts'

describe('logs', () => {
  const sessionAt = (url: string) => ({ logplex_url: `${url}/stream?secret=1` })

  it('prints the history and ends', async ({ platform, run }) => {
    platform.answers = {
      'POST /apps/shop/log-sessions': sessionAt(platform.url),
      'GET /stream?secret=1': (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end('retry: 100\n\nid: 1\ndata: 2026-01-02T10:00:00.000000+00:00 app[web.1]: hello\n\n')
      },
    }
    const { status, stdout } = await run('logs -n 5 -p web.1 -a shop')
    expect({ status, stdout }).toEqual({ status: 0, stdout: '2026-01-02T10:00:00.000000+00:00 app[web.1]: hello\n' })
    expect(platform.asked[0]!.body).toEqual({ lines: 5, tail: false, dyno: 'web.1' })
  })

  it('goes on after the last line when the stream breaks', async ({ platform, run, calls }) => {
    let streams = 0
    platform.answers = {
      'POST /apps/shop/log-sessions': sessionAt(platform.url),
      'GET /stream?secret=1': ({ headers }, response) => {
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
