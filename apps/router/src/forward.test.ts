import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
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

describe('states', () => {
  it.each([
    { over: { state: 'blank' as const }, code: 'H81', got: 503 },
    { over: { state: 'no-web' as const }, code: 'H14', got: 503 },
    { over: { state: 'crashed' as const }, code: 'H10', got: 503 },
    { over: { state: 'booting' as const }, code: 'H20', got: 503 },
    { over: { maintenance: true }, code: 'H80', got: 503 },
  ])('$code', async ({ over, code, got }) => {
    await rig.set(route('shop', [], over))
    const answer = await rig.get(HOST)
    expect(status(answer)).toBe(got)
    expect(answer).toContain(code)
    expect(await rig.line(new RegExp(`code=${code}`))).toContain(code === 'H80' ? 'at=info' : 'at=error')
  })

  it('answers programs in JSON', async () => {
    await rig.set(route('shop', [], { state: 'crashed' }))
    expect(JSON.parse(body(await rig.get(HOST, '/', 'Accept: application/json\r\n')))).toMatchObject({ code: 'H10' })
  })

  it('holds a request until the app has booted', async () => {
    await rig.set(route('shop', [], { state: 'booting' }))
    const asked = rig.get(HOST)
    const dyno = await rig.backend((_req, res) => res.end('up'))
    await rig.set(route('shop', [dyno]))
    expect(await asked).toContain('up')
  })

  it('knows no other app', async () => {
    await rig.set(route('shop', []))
    expect(status(await rig.get('other.example.com'))).toBe(404)
  })

  it('refuses more than 200 requests per dyno', async () => {
    const dyno = await rig.backend(() => {})
    await rig.set(route('shop', [dyno]))
    const asked = Array.from({ length: 201 }, () => rig.get(HOST))
    await rig.line(/code=H11/)
    await Promise.all(asked)
    expect(rig.lines.filter((line) => line.includes('H11'))).toHaveLength(1)
    expect(rig.lines.filter((line) => line.includes('H12'))).toHaveLength(200)
  })
})

describe('dynos that fail', () => {
  const refusing = { id: 'gone', name: 'web.9', address: '127.0.0.1', port: 1 }

  it('are passed over, and set aside', async () => {
    const dyno = await rig.backend((_req, res) => res.end('ok'))
    await rig.set(route('shop', [refusing, dyno]))
    for (let i = 0; i < 10; i += 1) expect(await rig.get(HOST)).toContain('200 OK')
  })

  it('leave H21 when all refuse', async () => {
    await rig.set(route('shop', [refusing]))
    expect(status(await rig.get(HOST))).toBe(503)
    await rig.line(/code=H21/)
  })

  it('leave H19 when they do not accept, and H34 as long as they are set aside', async () => {
    await using full = await openFullPort()
    await rig.set(route('shop', [{ ...refusing, port: full.port }]))
    expect(status(await rig.get(HOST))).toBe(503)
    await rig.line(/code=H19/)
    expect(status(await rig.get(HOST))).toBe(503)
    await rig.line(/code=H34/)
  })

  it('never see a body twice', async () => {
    let seen = 0
    const dying = () =>
      rig.rawBackend((socket) =>
        socket.once('data', () => {
          seen += 1
          socket.destroy()
        }),
      )
    await rig.set(route('shop', [await dying(), await dying()]))
    const answer = await rig.raw(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 2\r\n\r\nok`, (a) => a.includes('</html>'))
    expect(status(answer)).toBe(503)
    await rig.line(/code=H13/)
    expect(seen).toBe(1)
  })

  it('may close a kept connection under a GET, which is sent again', async () => {
    let connections = 0
    const dyno = await rig.rawBackend((socket) => {
      const first = (connections += 1) === 1
      let requests = 0
      socket.on('data', () => {
        requests += 1
        if (first && requests === 2) socket.destroy()
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    })
    await rig.set(route('shop', [dyno]))
    expect(status(await rig.get(HOST))).toBe(200)
    expect(status(await rig.get(HOST))).toBe(200)
    expect(connections).toBe(2)
  })

  it('leave H12 without a first byte, H15 when they fall silent, H18 when they die halfway', async () => {
    const dyno = await rig.backend((req, res) => {
      if (req.url === '/silent') return
      res.writeHead(200, { 'Content-Length': '10' })
      res.write('half')
      if (req.url === '/dies') setTimeout(() => res.destroy(), 20)
    })
    await rig.set(route('shop', [dyno]))
    expect(status(await rig.get(HOST, '/silent'))).toBe(503)
    await rig.line(/code=H12/)
    expect(body(await rig.get(HOST, '/stalls'))).toBe('half')
    await rig.line(/code=H15/)
    expect(body(await rig.get(HOST, '/dies'))).toBe('half')
    await rig.line(/code=H18/)
  })
})

describe('clients that fail', () => {
  it('leave H27 when they go, and their dyno hears of it', async () => {
    let closed = false
    const dyno = await rig.backend((_req, res) => {
      res.write('x')
      res.on('close', () => (closed = true))
    })
    await rig.set(route('shop', [dyno]))
    await rig.raw(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, (a) => a.includes('x'))
    expect(await rig.line(/code=H27/)).toContain('status=499')
    await rig.until(() => closed)
  })

  it('leave H28 when their body stops coming', async () => {
    const dyno = await rig.backend((req) => void req.resume())
    await rig.set(route('shop', [dyno]))
    await rig.raw(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 5\r\n\r\nab`)
    expect(await rig.line(/code=H28/)).toContain('status=499')
  })

  it('leave H26 when their body cannot be read', async () => {
    const dyno = await rig.backend((req) => void req.resume())
    await rig.set(route('shop', [dyno]))
    const answer = await rig.raw(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`)
    expect(status(answer)).toBe(400)
    expect(await rig.line(/code=H26/)).toContain('status=400')
  })
})

/** A port whose queue is full: a stopped process holds it, and two connections fill it, so the kernel drops what follows. */
async function openFullPort(): Promise<{ port: number } & AsyncDisposable> {
  const script = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
    process.stdout.write(String(this.address().port), () => process.kill(process.pid, 'SIGSTOP')) })`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = await once(child.stdout!, 'data')
  const port = Number(text)
  const stat = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ')[2]
  while (stat() !== 'T') await new Promise((resolve) => setImmediate(resolve))
  const fillers = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  await Promise.all(fillers.map((socket) => once(socket, 'connect')))
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
