import { connect } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { listenPublic } from './listen.ts'
import { openRig, type Rig, route } from './rig.ts'

let rig: Rig
let reached: string[] = []
beforeEach(async () => {
  reached = []
  rig = await openRig({ headMs: 200 })
  const dyno = await rig.backend((req, res) => {
    reached.push(req.url!)
    req.resume()
    res.end('ok')
  })
  await rig.set(route('shop', [dyno]))
})
afterEach(async () => rig[Symbol.asyncDispose]())

const HOST = 'Host: shop.example.com\r\n'

it.each([
  { title: 'no host', text: 'GET / HTTP/1.1\r\n\r\n' },
  { title: 'two hosts', text: `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n` },
  { title: 'a user in the host', text: 'GET / HTTP/1.1\r\nHost: a@shop.example.com\r\n\r\n' },
  { title: 'a target that disagrees with the host', text: `GET http://other.example.com/ HTTP/1.1\r\n${HOST}\r\n` },
  { title: 'HTTP/0.9', text: 'GET /\r\n\r\n' },
  { title: 'HTTP/2.0', text: `GET / HTTP/2.0\r\n${HOST}\r\n` },
  { title: 'bare line feeds', text: 'GET / HTTP/1.1\nHost: shop.example.com\n\n' },
  { title: 'a folded header', text: `GET / HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n` },
  { title: 'a space before the colon', text: `GET / HTTP/1.1\r\n${HOST}X : a\r\n\r\n` },
  { title: 'a NUL', text: `GET / HTTP/1.1\r\n${HOST}X: a\x00b\r\n\r\n` },
  {
    title: 'a length with chunks',
    text: `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  { title: 'two lengths', text: `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd` },
  { title: 'a list of lengths', text: `POST / HTTP/1.1\r\n${HOST}Content-Length: 4, 4\r\n\r\nabcd` },
  { title: 'a signed length', text: `POST / HTTP/1.1\r\n${HOST}Content-Length: +4\r\n\r\nabcd` },
  { title: 'another coding', text: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n` },
  { title: 'chunks in HTTP/1.0', text: `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n` },
  { title: 'CONNECT', text: `CONNECT shop.example.com:80 HTTP/1.1\r\n${HOST}\r\n` },
  { title: 'a request line of 9 kB', text: `GET /${'a'.repeat(9000)} HTTP/1.1\r\n${HOST}\r\n` },
  { title: 'a header line of 9 kB', text: `GET / HTTP/1.1\r\n${HOST}X: ${'a'.repeat(9000)}\r\n\r\n` },
  { title: 'a header name of 1001 characters', text: `GET / HTTP/1.1\r\n${HOST}${'a'.repeat(1001)}: b\r\n\r\n` },
  { title: '1001 headers', text: `GET / HTTP/1.1\r\n${HOST}${'X: a\r\n'.repeat(1001)}\r\n` },
  { title: 'headers of 300 kB', text: `GET / HTTP/1.1\r\n${HOST}${`X: ${'a'.repeat(8000)}\r\n`.repeat(40)}\r\n` },
])('answers 400 to $title, and no dyno sees it', async ({ text }) => {
  expect(await rig.raw(text)).toMatch(/^HTTP\/1.1 400/)
  expect(reached).toEqual([])
})

it('answers what came before a malformed request, and nothing after it', async () => {
  const answer = await rig.raw(`GET /first HTTP/1.1\r\n${HOST}\r\nGARBAGE\r\n\r\nGET /smuggled HTTP/1.1\r\n${HOST}\r\n`)
  expect(answer).toMatch(/^HTTP\/1.1 200/)
  expect(reached).toEqual(['/first'])
})

it('takes an absolute target that agrees, and names without regard to case, port and final dot', async () => {
  expect(
    await rig.raw(`GET http://shop.example.com/abs HTTP/1.1\r\nHost: SHOP.Example.com.:8080\r\nConnection: close\r\n\r\n`),
  ).toContain('200')
  expect(reached).toEqual(['/abs'])
})

it('answers 408 to a head that does not come', async () => {
  expect(await rig.raw('GET / HTTP/1.1\r\nX: ')).toMatch(/^HTTP\/1.1 408/)
  expect(await rig.raw('')).toMatch(/^HTTP\/1.1 408/)
})

it('names the port that is taken', async () => {
  const { createServer } = await import('node:net')
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as { port: number }
  await expect(listenPublic(createServer(), '127.0.0.1', port)).rejects.toMatchObject({
    code: 'port_taken',
    message: `Another program listens on port ${port} on 127.0.0.1.`,
  })
  other.close()
})

it('shares its port with other routers', async () => {
  const { createServer } = await import('node:net')
  const second = createServer()
  expect(await listenPublic(second, '127.0.0.1', rig.router.httpPort)).toBe(rig.router.httpPort)
  await new Promise((resolve) => second.close(resolve))
  const socket = connect(rig.router.httpPort, '127.0.0.1')
  await new Promise((resolve) => socket.on('connect', resolve))
  socket.destroy()
})
