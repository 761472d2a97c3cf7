// The log-router over its real socket and real files, with Docker's side played.
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { paths } from '@paas/contract/settings'
import type { ContainerOutput } from '@paas/engine/container-output'
import { FrameKind, frame, PROTOCOL_VERSION } from '@paas/logs/frames'
import { openLogReader } from '@paas/logs/reader'
import type { LogEntry, ReadOptions, StreamName } from '@paas/logs/types'
import { openLogWriter } from '@paas/logs/writer'
import { createLog } from '@paas/service/log'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startLogRouter } from './start.ts'
import { type KeptLine, outputOf } from './testing-output.ts'

const log = createLog('log-router', 'silent')
const container = { id: 'ab'.repeat(32), appId: 'shop', dyno: 'web.1' }
const nothing = { ...outputOf(container, () => []), list: async () => [] }
let settings: { dataDir: string; runDir: string }
let cleanups: (() => Promise<void>)[]

beforeEach(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'logs-'))
  settings = { dataDir: folder, runDir: folder }
  cleanups = [() => rm(folder, { recursive: true, force: true })]
})
afterEach(async () => {
  for (const clean of cleanups.reverse()) await clean()
})

async function start(engine: ContainerOutput = nothing) {
  const service = await startLogRouter({ settings, engine, log, openEngine: () => engine })
  let closed = false
  const close = async () => {
    if (!closed) await service.close()
    closed = true
  }
  cleanups.push(close)
  return { close }
}

function openWriter(bufferBytes?: number) {
  const writer = openLogWriter(paths.logsSocket(settings), undefined, bufferBytes)
  cleanups.push(() => writer.close())
  return writer
}

async function readAll(stream: StreamName, options: ReadOptions = {}, until: (entry: LogEntry) => boolean = () => false) {
  const entries: LogEntry[] = []
  for await (const entry of openLogReader(paths.logsSocket(settings)).read(stream, options, AbortSignal.timeout(8_000))) {
    entries.push(entry)
    if (until(entry)) break
  }
  return entries
}

const texts = (entries: LogEntry[]) => entries.map(({ text }) => text)
const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `line ${from + index}`)
const line = (text: string, dyno = 'web.1') => ({ source: 'app' as const, dyno, text })
const dropsIn = (entries: LogEntry[]) =>
  entries.reduce(
    (sum, { source, text }) => sum + (source === 'heroku' ? Number(/: (\d+) messages dropped/.exec(text)?.[1] ?? 0) : 0),
    0,
  )

it('keeps the order of lines and counts positions from one', async () => {
  await start()
  const writer = openWriter()
  for (const text of numbered(1000)) writer.write('app:shop', line(text))
  await writer.flush()
  const entries = await readAll('app:shop')
  expect(texts(entries)).toEqual(numbered(1000))
  expect(entries.map(({ seq }) => seq)).toEqual(numbered(1000).map((_, index) => index + 1))
})

it('cuts long texts and splits at newlines', async () => {
  await start()
  const writer = openWriter()
  writer.write('app:shop', line(`first\n${'x'.repeat(25_000)}`))
  await writer.flush()
  expect((await readAll('app:shop')).map(({ text }) => text.length)).toEqual([5, 10_000, 10_000, 5_000])
})

it('filters by source, dyno and type, and begins with the last matching lines or behind a position', async () => {
  await start()
  const writer = openWriter()
  for (const dyno of ['web.1', 'web.2', 'worker.1'])
    for (const text of ['a', 'b']) writer.write('app:shop', line(`${dyno} ${text}`, dyno))
  writer.write('app:shop', { source: 'heroku', dyno: 'router', text: 'at=info' })
  await writer.flush()
  expect(texts(await readAll('app:shop', { dyno: 'web' }))).toEqual(['web.1 a', 'web.1 b', 'web.2 a', 'web.2 b'])
  expect(texts(await readAll('app:shop', { dyno: 'web', lines: 1 }))).toEqual(['web.2 b'])
  expect(texts(await readAll('app:shop', { source: 'heroku' }))).toEqual(['at=info'])
  expect(texts(await readAll('app:shop', { after: 5 }))).toEqual(['worker.1 b', 'at=info'])
})

it('ends the readers of a stream that was ended, also those who began before its first line', async () => {
  await start()
  const early = readAll('build:1', { tail: true })
  const writer = openWriter()
  for (const text of numbered(10)) writer.write('build:1', line(text))
  writer.end('build:1')
  expect(texts(await early)).toEqual(numbered(10))
  expect(texts(await readAll('build:1', { tail: true }))).toEqual(numbered(10))
})

it('goes on after a restart: positions, history, and readers that were there', async () => {
  const first = await start()
  const writer = openWriter()
  const tail = readAll('app:shop', { tail: true }, ({ text }) => text === 'line 199')
  for (const text of numbered(100)) writer.write('app:shop', line(text))
  await writer.flush()
  await first.close()
  for (const text of numbered(100, 100)) writer.write('app:shop', line(text))
  await start()
  const entries = await tail
  expect(texts(entries)).toEqual(numbered(200))
  expect(entries.at(-1)?.seq).toBe(200)
})

it('announces what a writer had no room for: received and dropped make up what was sent', async () => {
  const writer = openWriter(10_000)
  for (const text of numbered(1000)) writer.write('app:shop', line(text))
  await start()
  const entries = await readAll('app:shop', { tail: true }, ({ source }) => source === 'heroku')
  expect(dropsIn(entries)).toBeGreaterThan(0)
  expect(entries.length - 1 + dropsIn(entries)).toBe(1000)
})

it('tells a reader that stood still how many lines it missed', async () => {
  await start()
  const writer = openWriter()
  writer.write('app:shop', line('seen'))
  const seen = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const sent = 4_000
  const slow = (async () => {
    const entries: LogEntry[] = []
    for await (const entry of openLogReader(paths.logsSocket(settings)).read(
      'app:shop',
      { tail: true },
      AbortSignal.timeout(8_000),
    )) {
      entries.push(entry)
      seen.resolve()
      await go.promise
      if (entry.text === 'last') break
    }
    return entries
  })()
  await seen.promise
  for (let number = 0; number < sent; number++) {
    writer.write('app:shop', line('x'.repeat(9_000)))
    if (number % 100 === 0) await writer.flush()
  }
  writer.write('app:shop', line('last'))
  await writer.flush()
  go.resolve()
  const entries = await slow
  const received = entries.filter(({ source }) => source === 'app').length
  expect(dropsIn(entries)).toBeGreaterThan(0)
  expect(texts(entries).some((text) => text.startsWith('Error L11'))).toBe(true)
  expect(received + dropsIn(entries)).toBe(sent + 2)
})

it('forgets a stream that is removed', async () => {
  await start()
  const writer = openWriter()
  writer.write('app:shop', line('gone'))
  await writer.flush()
  await openLogReader(paths.logsSocket(settings)).remove('app:shop')
  expect(await readAll('app:shop')).toEqual([])
})

it('refuses names that are no stream, and goes on serving', async () => {
  await start()
  const socket = connect(paths.logsSocket(settings))
  socket.write(Buffer.concat([Buffer.of(PROTOCOL_VERSION), frame(FrameKind.remove, Buffer.from('app:../../etc'))]))
  await new Promise((resolve) => socket.once('close', resolve).resume())
  expect(await readAll('app:shop')).toEqual([])
})

it('reads a container on where it was left, passing over what it has, also at one and the same instant', async () => {
  const at = (nanos: number) => `${new Date().toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`
  const kept: KeptLine[] = [
    { channel: 1, at: at(5), text: 'a\n' },
    { channel: 2, at: at(4), text: 'earlier on stderr\n' },
    { channel: 1, at: at(7), text: 'b\n' },
    { channel: 1, at: at(7), text: 'c\n' },
  ]
  const first = await start(outputOf(container, () => kept))
  expect(texts(await readAll('app:shop', { tail: true }, ({ text }) => text === 'c'))).toEqual([
    'a',
    'earlier on stderr',
    'b',
    'c',
  ])
  await first.close()
  kept.push({ channel: 1, at: at(7), text: 'd\n' }, { channel: 2, at: at(6), text: 'e\n' })
  await start(outputOf(container, () => kept))
  const entries = await readAll('app:shop', { tail: true }, ({ text }) => text === 'e')
  expect(texts(entries)).toEqual(['a', 'earlier on stderr', 'b', 'c', 'd', 'e'])
})

it('says that lines are missing when the engine has rotated away where it was', async () => {
  const second = new Date().toISOString().slice(0, 19)
  let kept: KeptLine[] = [{ channel: 1, at: `${second}.000000001Z`, text: 'a\n' }]
  const first = await start(outputOf(container, () => kept))
  await readAll('app:shop', { tail: true }, ({ text }) => text === 'a')
  await first.close()
  kept = [{ channel: 1, at: `${second}.000000009Z`, text: 'z\n' }]
  await start(outputOf(container, () => kept))
  const entries = await readAll('app:shop', { tail: true }, ({ text }) => text === 'z')
  expect(texts(entries)).toEqual(['a', expect.stringContaining('an unknown number of messages dropped'), 'z'])
})
