import { createServer, type RequestListener } from 'node:http'
import { paths } from '@paas/contract/settings'
import { listenOnSocket } from '@paas/service/socket'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { openRig, type Rig } from './rig.ts'

let rig: Rig
const opened: (() => void)[] = []
beforeEach(async () => {
  rig = await openRig({ platformMs: 300, firstByteMs: 50, idleMs: 50 })
})
afterEach(async () => {
  for (const close of opened.splice(0)) close()
  await rig[Symbol.asyncDispose]()
})

async function stage(name: 'api' | 'receiver', listener: RequestListener) {
  const server = createServer(listener)
  await listenOnSocket(server, name === 'api' ? paths.apiSocket(rig.settings) : paths.receiverSocket(rig.settings))
  opened.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return server
}

it('sends each of the platform’s names to its stage', async () => {
  await stage('api', (req, res) => res.end(`api ${req.url} ${req.headers.host} ${req.headers['x-forwarded-proto']}`))
  await stage('receiver', (req, res) => res.end(`receiver ${req.url} ${req.headers['x-forwarded-for']}`))
  expect(await rig.get('example.com', '/apps')).toContain('api /apps example.com http')
  expect(await rig.get('api.example.com', '/apps/x.git/y')).toContain('api /apps/x.git/y')
  expect(await rig.get('127.0.0.1:5000', '/a%20b?c')).toContain('api /a%20b?c')
  expect(await rig.get('example.com', '/shop.git/info/refs')).toContain('receiver /shop.git/info/refs 127.0.0.1')
  expect(await rig.get('git.example.com', '/anything')).toContain('receiver /anything')
})

it('carries bodies whole, a chunked DELETE too, and answers Expect', async () => {
  await stage('api', (req, res) => void req.pipe(res))
  const chunks = 'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
  for (const method of ['POST', 'DELETE', 'OPTIONS']) {
    expect(await rig.raw(`${method} / HTTP/1.1\r\nHost: example.com\r\n${chunks}`)).toContain('hello')
  }
  const expecting = `POST / HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\n${chunks}`
  expect(await rig.raw(expecting)).toMatch(/^HTTP\/1.1 100 Continue[\s\S]*200 OK[\s\S]*hello/)
})

it('has no limit on silence, and keeps the client’s connection', async () => {
  await stage('api', (_req, res) => {
    res.write('one')
    setTimeout(() => res.end('two'), 200)
  })
  const answer = await rig.raw('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n', (text) => text.includes('two'))
  expect(answer).toContain('one')
  expect(answer).not.toMatch(/connection: close/i)
})

it('tells a stage that its client has gone', async () => {
  let gone = false
  await stage('api', (_req, res) => {
    res.write('event')
    res.on('close', () => (gone = true))
  })
  await rig.raw('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n', (text) => text.includes('event'))
  await rig.until(() => gone)
})

it('cuts the client off when the stage dies halfway', async () => {
  await stage('api', (_req, res) => {
    res.write('half')
    setTimeout(() => res.destroy(), 20)
  })
  expect(await rig.raw('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n')).toContain('half')
})

it('waits for a stage that restarts, with the body unread', async () => {
  const asked = rig.raw('POST / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello')
  // The second is answered while the first waits, so the first has been waiting.
  expect(await rig.get('nobody.example.com')).toContain('404')
  await stage('api', (req, res) => void req.pipe(res))
  expect(await asked).toContain('hello')
})

it('says so when a stage stays away', async () => {
  const api = await rig.get('api.example.com')
  expect(api).toMatch(/^HTTP\/1.1 503/)
  expect(JSON.parse(api.slice(api.indexOf('{')))).toMatchObject({ id: 'service_unavailable', url: '' })
  expect(await rig.get('git.example.com')).toMatch(/^HTTP\/1.1 503[\s\S]*text\/plain[\s\S]*try again/)
})

it('carries WebSockets', async () => {
  const server = await stage('api', () => {})
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => socket.send('welcome'))
  const client = new WebSocket(`ws://127.0.0.1:${rig.router.httpPort}/tail`)
  expect(await new Promise((resolve) => client.on('message', (data) => resolve(String(data))))).toBe('welcome')
  client.terminate()
})
