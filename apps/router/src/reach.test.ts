import { connect } from 'node:net'
import { type LiveDyno, RouterTable } from '@paas/domain/router-table'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DynoConnections } from './dyno-connections.ts'
import { Reach } from './reach.ts'
import { openRig, type Rig, route } from './rig.ts'
import { TIMEOUTS } from './timeouts.ts'
import { startVanishing, type Vanishing } from './vanishing.fixture.ts'

const HOST = 'shop.example.com'
const BESIDE_MS = 100
let rig: Rig
let vanishing: Vanishing
beforeEach(async () => {
  // Waiting for a connect or for a quarantine to end would take longer than a test may.
  rig = await openRig({ besideMs: BESIDE_MS, connectMs: 60_000, quarantineMs: 60_000 })
  vanishing = await startVanishing()
})
afterEach(async () => {
  await vanishing[Symbol.asyncDispose]()
  await rig[Symbol.asyncDispose]()
})

const get = () => rig.get(HOST)
const post = () => rig.raw(`POST /once HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok`)
const waited = () => rig.lines.filter((line) => Number(/connect=(\d+)ms/.exec(line)![1]) >= BESIDE_MS - 5)

it('a dyno that does not accept costs one request a moment, and the next ones nothing', async () => {
  const good = await rig.backend((_req, res) => res.end('good'))
  await vanishing.vanish()
  await rig.set(route('shop', [vanishing, good]))
  for (let i = 0; i < 20; i += 1) expect(await get()).toContain('good')
  expect(waited().length).toBeLessThanOrEqual(1)
})

it('two dynos on a host that vanished cost a request two moments', async () => {
  await using other = await startVanishing()
  const good = await rig.backend((_req, res) => res.end('good'))
  await Promise.all([vanishing.vanish(), other.vanish()])
  await rig.set(route('shop', [vanishing, other, good]))
  const answers = await Promise.all(Array.from({ length: 20 }, get))
  expect(answers.filter((answer) => answer.includes('good'))).toHaveLength(20)
})

it('a dyno that is alone is waited for', async () => {
  await vanishing.vanish()
  await rig.set(route('shop', [vanishing]))
  const asked = [get(), get()]
  await rig.until(() => vanishing.seen.length === 0)
  vanishing.comeBack()
  for (const answer of await Promise.all(asked)) expect(answer).toContain('from the one that vanishes')
})

it('no request is sent twice, and a dyno that accepts late is trusted again', async () => {
  let posts = 0
  const good = await rig.backend((req, res) => {
    if (req.method === 'POST') posts += 1
    req.resume().on('end', () => res.end('good'))
  })
  await vanishing.vanish()
  await rig.set(route('shop', [vanishing, good]))
  const answers = await Promise.all(Array.from({ length: 20 }, post))
  expect(answers.filter((answer) => answer.includes('200 OK'))).toHaveLength(20)
  expect(waited().length).toBeGreaterThan(0)
  vanishing.comeBack()
  await expect.poll(get, { timeout: 8_000 }).toContain('from the one that vanishes')
  expect(vanishing.seen.filter((request) => request.startsWith('POST'))).toEqual([])
  expect(posts).toBe(20)
})

it.each([
  { title: 'silent', heardAt: Number.NEGATIVE_INFINITY, got: 'the other' },
  { title: 'answering what it has taken', heardAt: Number.POSITIVE_INFINITY, got: 'the late one' },
])('a late dyno that is $title: the connection is to $got', async ({ heardAt, got }) => {
  const good = await rig.backend((_req, res) => res.end())
  const table = new RouterTable()
  table.apply({ version: 1, full: true, set: [route('shop', [vanishing, good])], remove: [] })
  const app = table.find(HOST)!
  app.dynos[0]!.heardAt = heardAt
  const connections = new DynoConnections(1_000)
  // The kernel asks a second time after a second: until then there are many moments to grow impatient.
  const timeouts = { ...TIMEOUTS, besideMs: 5 }
  await vanishing.vanish()
  const reached = await new Promise<string>((resolve) => {
    const fail = () => resolve('nobody')
    const ends = { onReached: (dyno: LiveDyno) => resolve(dyno.id), onRefused: fail, onNone: fail }
    new Reach(app, { timeouts, connections, chance: () => 0, onIdle() {} }, ends).next(false)
    setImmediate(() => vanishing.comeBack()) // when the kernel has asked once
  })
  expect(reached).toBe(got === 'the other' ? good.id : vanishing.id)
  expect(app.dynos.map(({ requests }) => requests)).toEqual(got === 'the other' ? [0, 1] : [1, 0])
  connections.close()
})

it('a client that goes while a dyno is dialled leaves nothing behind', async () => {
  await vanishing.vanish()
  await rig.set(route('shop', [vanishing]))
  const client = connect(rig.router.httpPort, '127.0.0.1')
  client.write(`GET /gone HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  await rig.get('nobody.example.com') // read after the one before it
  await rig.set(route('shop', []))
  const drained = () => rig.heard.some((said) => said.kind === 'drained')
  expect(drained()).toBe(false)
  client.destroy()
  await rig.until(drained)
  expect(await rig.line(/code=H27/)).toContain('path="/gone"')
})
