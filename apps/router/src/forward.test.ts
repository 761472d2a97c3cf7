import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRig, type Rig, route } from './rig.ts'

const HOST = 'shop.example.com'
let rig: Rig
beforeEach(async () => {
  rig = await openRig({ connectMs: 300, firstByteMs: 300, idleMs: 300, bootMs: 300, continueMs: 100 })
})
afterEach(async () => rig[Symbol.asyncDispose]())

const body = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4)
const status = (answer: string) => Number(answer.split(' ')[1])

describe('a request', () => {
  it('reaches the dyno with our headers and comes back with its own', async () => {
    const dyno = await rig.backend((req, res) => {
      res.setHeader('X-App', 'yes')
      res.end(JSON.stringify(req.rawHeaders))
    })
    await rig.set(route('shop', [dyno]))
    const spoof =
      'X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX_Forwarded_For: 8.8.8.8\r\nConnection: X-Forwarded-For, X-Gone\r\nX-Gone: 1\r\n'
    const answer = await rig.raw(`GET /a?b HTTP/1.1\r\nHost: SHOP.example.com.:80\r\n${spoof}\r\n`, (a) => a.includes('paas"]'))
    expect(status(answer)).toBe(200)
    expect(answer).toMatch(/x-app: yes/i)
    const sent = JSON.parse(/\[.*\]/.exec(answer)![0]) as string[]
    const headers = new Map(sent.flatMap((name, i) => (i % 2 ? [] : [[name.toLowerCase(), sent[i + 1]]])))
    expect(headers.get('x-forwarded-for')).toBe('9.9.9.9, 127.0.0.1')
    expect(headers.get('x-forwarded-proto')).toBe('http')
    expect(headers.get('x-forwarded-port')).toBe('80')
    expect(headers.get('via')).toBe('1.1 paas')
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(Number(headers.get('x-request-start'))).toBeGreaterThan(1.6e12)
    expect(headers.has('x-gone') || headers.has('x_forwarded_for')).toBe(false)
    const line = await rig.line(/path="\/a\?b"/)
    expect(line).toMatch(
      /^at=info method=GET path="\/a\?b" host=shop.example.com request_id=[0-9a-f-]+ fwd="9.9.9.9, 127.0.0.1" dyno=web.1 connect=\d+ms service=\d+ms status=200 bytes=\d+ protocol=http$/,
    )
  })

  it.each([
    { framing: 'content-length', text: 'Content-Length: 5\r\n\r\nhello' },
    { framing: 'chunks', text: 'Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n' },
  ])('streams a body framed by $framing', async ({ text }) => {
    const dyno = await rig.backend((req, res) => {
      req.pipe(res)
    })
    await rig.set(route('shop', [dyno]))
    const answer = await rig.raw(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n${text}`)
    expect(answer).toContain('hel')
    expect(answer).toContain('lo')
  })

  it('gives a HEAD, a 204 and a 304 no body', async () => {
    const dyno = await rig.backend((req, res) => {
      res.statusCode = Number(req.url!.slice(1))
      if (req.method === 'HEAD') res.setHeader('Content-Length', '10')
      res.end()
    })
    await rig.set(route('shop', [dyno]))
    const head = await rig.raw(`HEAD /200 HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)
    expect(head).toMatch(/content-length: 10/i)
    expect(body(head)).toBe('')
    for (const code of [204, 304]) {
      const answer = await rig.get(HOST, `/${code}`)
      expect(status(answer)).toBe(code)
      expect(answer).not.toMatch(/transfer-encoding/i)
      expect(body(answer)).toBe('')
    }
  })

  it('answers an HTTP/1.0 client with a body that ends with the connection', async () => {
    const dyno = await rig.backend((_req, res) => {
      res.write('one')
      res.end('two')
    })
    await rig.set(route('shop', [dyno]))
    const answer = await rig.raw(`GET / HTTP/1.0\r\nHost: ${HOST}\r\n\r\n`)
    expect(answer).not.toMatch(/transfer-encoding/i)
    expect(body(answer)).toBe('onetwo')
  })

  it('sends headers on before there is a body', async () => {
    const dyno = await rig.backend((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' })
      res.flushHeaders()
    })
    await rig.set(route('shop', [dyno]))
    const answer = await rig.raw(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, (a) => a.includes('event-stream'))
    expect(status(answer)).toBe(200)
  })

  it('serves pipelined requests in order', async () => {
    const dyno = await rig.backend((req, res) => void setTimeout(() => res.end(`<${req.url}>`), req.url === '/a' ? 40 : 1))
    await rig.set(route('shop', [dyno]))
    const one = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${more}\r\n`
    const answer = await rig.raw(one('/a') + one('/b') + one('/c', 'Connection: close\r\n'))
    expect(answer.match(/<\/.>/g)).toEqual(['</a>', '</b>', '</c>'])
  })
})

describe('100-continue', () => {
  const ask = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n`

  it('is answered by the router when the dyno stays silent', async () => {
    const dyno = await rig.rawBackend((socket) =>
      socket.on('data', (chunk) => {
        if (chunk.toString().endsWith('ok')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
      }),
    )
    await rig.set(route('shop', [dyno]))
    const socket = connect(rig.router.httpPort, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
      if (answer.endsWith('100 Continue\r\n\r\n')) socket.write('ok')
    })
    socket.write(ask)
    await rig.until(() => answer.endsWith('done'))
    expect(answer).toContain('200 OK')
  })

  it('passes a refusal of the dyno before any of the body', async () => {
    const dyno = await rig.rawBackend((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n')),
    )
    await rig.set(route('shop', [dyno]))
    expect(await rig.raw(ask)).toMatch(/^HTTP\/1.1 413 No/)
  })

  it('refuses any other expectation with 417', async () => {
    await rig.set(route('shop', []))
    expect(status(await rig.get(HOST, '/', 'Expect: tea\r\n'))).toBe(417)
  })
})
