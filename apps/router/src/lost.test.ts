import type { Socket } from 'node:net'
import type { RouteDyno } from '@paas/contract/routes'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openRig, type Rig, route } from './rig.ts'

// The first request of each connection is answered, then it falls silent, as when its host has vanished.
const HOST = 'shop.example.com'
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst'
let rig: Rig
let silent: RouteDyno
let good: RouteDyno
let unanswered: string[]
beforeEach(async () => {
  rig = await openRig({ firstByteMs: 60_000, idleMs: 60_000 })
  unanswered = []
  silent = await rig.rawBackend((socket: Socket) => {
    socket.once('data', () => {
      socket.write(ANSWER)
      socket.on('data', (chunk) => {
        unanswered.push(chunk.toString())
        if (chunk.includes('/half')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
        if (chunk.includes('/socket')) socket.write('HTTP/1.1 101 Yes\r\nUpgrade: tea\r\nConnection: Upgrade\r\n\r\nopen')
      })
    })
  })
  good = await rig.backend((_req, res) => res.end('elsewhere'))
  await rig.set(route('shop', [silent]))
  await rig.get(HOST)
})
afterEach(async () => rig[Symbol.asyncDispose]())

/** Sends it on the kept connection; resolves once the dyno has it, with the answer to come. */
async function send(head: string, body = ''): Promise<{ answer: Promise<string> }> {
  const length = body && `Content-Length: ${body.length}\r\n`
  const answer = rig.raw(`${head} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n${length}\r\n${body}`)
  await rig.until(() => unanswered.some((seen) => seen.includes(head)))
  return { answer }
}

const lose = () => rig.send({ set: [route('shop', [good])], lost: [silent.id] })

it.each([
  { head: 'GET /', got: /200 OK.*elsewhere$/s, line: 'status=200' },
  { head: 'HEAD /', got: /^HTTP\/1.1 200 OK/, line: 'status=200' },
  { head: 'POST /', body: 'ok', got: /^HTTP\/1.1 503/, line: 'code=H13' },
  { head: 'DELETE /', got: /^HTTP\/1.1 503/, line: 'code=H13' },
  { head: 'GET /with-body', body: 'ok', got: /^HTTP\/1.1 503/, line: 'code=H13' },
  { head: 'GET /half', got: /half$/, line: 'code=H18' },
])('$head on a host that is lost ends at once: $line', async ({ head, body, got, line }) => {
  const { answer } = await send(head, body)
  await lose()
  expect(await answer).toMatch(got)
  await rig.until(() => rig.lines.length === 2)
  expect(rig.lines[1]).toContain(line)
  expect(unanswered.length).toBe(1)
  await rig.until(() => rig.heard.some((said) => said.kind === 'drained' && said.dynoId === silent.id))
})

it('an upgraded connection ends with its host', async () => {
  const answer = rig.raw(`GET /socket HTTP/1.1\r\nHost: ${HOST}\r\nUpgrade: tea\r\nConnection: Upgrade\r\n\r\n`)
  await rig.until(() => unanswered.length === 1)
  await rig.line(/./)
  await lose()
  expect(await answer).toMatch(/^HTTP\/1.1 101.*open$/s)
})

it('is sent again once only', async () => {
  const { answer } = await send('GET /')
  let asked = 0
  const next = await rig.rawBackend((socket) => socket.on('data', () => (asked += 1)))
  await rig.send({ set: [route('shop', [next])], lost: [silent.id] })
  await rig.until(() => asked === 1)
  await rig.send({ set: [route('shop', [good])], lost: [next.id] })
  expect(await answer).toMatch(/^HTTP\/1.1 503/)
})

it('goes on waiting for a dyno that has only left', async () => {
  const { answer } = await send('POST /', 'ok')
  await rig.set(route('shop', [good]))
  expect(await rig.get(HOST)).toContain('elsewhere')
  expect(rig.lines).toHaveLength(2)
  await rig.send({ set: [route('shop', [good])], lost: [silent.id] }) // the news may come later than the change
  expect(await answer).toMatch(/^HTTP\/1.1 503/)
})
