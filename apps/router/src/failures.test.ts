import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRig, type Rig, route } from './rig.ts'
import { startVanishing } from './vanishing.fixture.ts'

const HOST = 'shop.example.com'
let rig: Rig
beforeEach(async () => {
  rig = await openRig({ connectMs: 300, firstByteMs: 300, idleMs: 300 })
})
afterEach(async () => rig[Symbol.asyncDispose]())

const body = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4)
const status = (answer: string) => Number(answer.split(' ')[1])

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
    await using dyno = await startVanishing()
    await dyno.vanish()
    await rig.set(route('shop', [dyno]))
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
