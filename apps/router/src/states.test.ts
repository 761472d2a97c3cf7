import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openRig, type Rig, route } from './rig.ts'

const HOST = 'shop.example.com'
let rig: Rig
beforeEach(async () => {
  rig = await openRig({ bootMs: 300 })
})
afterEach(async () => rig[Symbol.asyncDispose]())

const body = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4)
const status = (answer: string) => Number(answer.split(' ')[1])

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
  const held: ServerResponse[] = []
  const dyno = await rig.backend((_req, res) => void held.push(res))
  await rig.set(route('shop', [dyno]))
  const asked = Array.from({ length: 201 }, () => rig.get(HOST))
  await rig.line(/code=H11/)
  await rig.until(() => held.length === 200)
  for (const res of held) res.end()
  await Promise.all(asked)
  expect(rig.lines.filter((line) => line.includes('H11'))).toHaveLength(1)
  expect(rig.lines.filter((line) => line.includes('status=200'))).toHaveLength(200)
})
