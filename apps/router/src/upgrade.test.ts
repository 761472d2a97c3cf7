import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { openRig, type Rig, route } from './rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await openRig({ idleMs: 200, firstByteMs: 300 })
})
afterEach(async () => rig[Symbol.asyncDispose]())

const ask = (protocol: string) =>
  `GET /x HTTP/1.1\r\nHost: shop.example.com\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`
const reply = (protocol: string) => `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`

it('carries WebSockets both ways and logs their end', async () => {
  const server = new WebSocketServer({ noServer: true })
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)))
  const dyno = await rig.backend(() => {})
  const web = await rig.backend(() => {})
  const { createServer } = await import('node:http')
  const http = createServer()
  http.on('upgrade', (req, socket, head) => server.handleUpgrade(req, socket, head, (ws) => server.emit('connection', ws, req)))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as { port: number }
  await rig.set(route('shop', [{ ...web, id: dyno.id, port }]))
  const client = new WebSocket(`ws://127.0.0.1:${rig.router.httpPort}/`, { headers: { Host: 'shop.example.com' } })
  const heard = new Promise((resolve) => client.on('message', (data) => resolve(String(data))))
  client.on('open', () => client.send('hello'))
  expect(await heard).toBe('echo hello')
  client.close()
  expect(await rig.line(/status=101/)).toContain('at=info')
  http.close()
})

it('carries any protocol, with what either side sent early', async () => {
  const dyno = await rig.rawBackend((socket: Socket) =>
    socket.once('data', () => {
      socket.write(`${reply('tea')}early`)
      socket.on('data', (chunk) => socket.write(`[${chunk}]`))
    }),
  )
  await rig.set(route('shop', [dyno]))
  const answer = await rig.raw(`${ask('tea')}first`, (text) => text.includes('[first]'))
  expect(answer).toContain('Upgrade: tea')
  expect(answer).toContain('early')
})

it('passes a refusal of the dyno on', async () => {
  const dyno = await rig.backend(() => {})
  const refusing = await rig.rawBackend((socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno')),
  )
  await rig.set(route('shop', [{ ...dyno, port: refusing.port }]))
  expect(await rig.raw(ask('tea'))).toMatch(/^HTTP\/1.1 403 No[\s\S]*no$/)
})

it('answers 502 to a 101 that names no protocol, 404 without an app, 503 without a dyno', async () => {
  const dyno = await rig.rawBackend((socket) => socket.once('data', () => socket.write('HTTP/1.1 101 X\r\n\r\n')))
  await rig.set(route('shop', [dyno]))
  expect(await rig.raw(ask('tea'))).toMatch(/^HTTP\/1.1 502/)
  expect(await rig.raw(ask('tea').replace('shop', 'other'))).toMatch(/^HTTP\/1.1 404/)
  await rig.set(route('shop', [], { state: 'crashed' }))
  expect(await rig.raw(ask('tea'))).toMatch(/^HTTP\/1.1 503/)
})

it('does not hear of HTTP/2 in clear text', async () => {
  const dyno = await rig.backend((req, res) => res.end(`upgrade: ${req.headers.upgrade}`))
  await rig.set(route('shop', [dyno]))
  expect(await rig.raw(ask('h2c'), (text) => text.includes('undefined'))).toMatch(/^HTTP\/1.1 200/)
})

it('ends a connection on which nothing moves with H15', async () => {
  const dyno = await rig.rawBackend((socket) => socket.once('data', () => socket.write(reply('tea'))))
  await rig.set(route('shop', [dyno]))
  expect(await rig.raw(ask('tea'))).toContain('101')
  await rig.line(/code=H15/)
})

it('is no request for the concurrency limit, but keeps its dyno in use', async () => {
  const dyno = await rig.rawBackend((socket) => socket.once('data', () => socket.write(reply('tea'))))
  await rig.set(route('shop', [dyno]))
  const client = connect(rig.router.httpPort, '127.0.0.1')
  client.on('error', () => {})
  let got = ''
  client.on('data', (chunk) => (got += chunk))
  client.write(ask('tea'))
  await rig.until(() => got.includes('101'))
  await rig.set(route('shop', []))
  expect(rig.heard.some((said) => said.kind === 'drained')).toBe(false)
  client.destroy()
  await rig.until(() => rig.heard.some((said) => said.kind === 'drained' && said.dynoId === dyno.id))
})
