import { createHash } from 'node:crypto'
import { PassThrough, Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { extract, type Header, pack } from 'tar-stream'
import { expect, it } from 'vitest'
import { normaliseTar } from './normalise.ts'

const caps = { maxBytes: 1024 * 1024, maxEntries: 10 }

async function tar(entries: [Partial<Header> & { name: string }, string?][]): Promise<Buffer> {
  const archive = pack()
  for (const [header, text = ''] of entries) archive.entry(header, text)
  archive.finalize()
  return buffer(archive as unknown as Readable)
}

async function normalise(input: Buffer, limits = caps) {
  const output = new PassThrough()
  const bytes = buffer(output).catch(() => Buffer.alloc(0))
  const source = await normaliseTar(Readable.from([input]), output, limits)
  return { source, bytes: await bytes }
}

async function list(bytes: Buffer): Promise<Record<string, unknown>[]> {
  const reader = extract()
  const found: Record<string, unknown>[] = []
  reader.on('entry', ({ name, mode, uid, mtime, linkname }, stream, next) => {
    buffer(stream as unknown as Readable).then((body) => {
      found.push({ name, mode, uid, at: mtime?.getTime(), linkname, body: body.toString() })
      next()
    })
  })
  reader.end(bytes)
  await new Promise((resolve) => reader.on('finish', () => resolve(undefined)))
  return found
}

it('writes one owner, one time and two modes', async () => {
  const { source, bytes } = await normalise(
    await tar([
      [{ name: 'bin/', type: 'directory', mode: 0o775, uid: 5, mtime: new Date() }],
      [{ name: 'bin/run', mode: 0o775, uid: 5, mtime: new Date() }, '#!/bin/sh'],
      [{ name: 'bin/start', type: 'symlink', linkname: 'run' }],
      [{ name: `${'long/'.repeat(40)}name.txt`, mode: 0o664 }, 'deep'],
      [{ name: 'empty', mode: 0o600 }, ''],
    ]),
  )
  expect(source).toMatchObject({ entries: 5, fileBytes: 13, submodules: false })
  const plain = { uid: 20000, at: Date.UTC(2000, 0, 1), linkname: null, body: '' }
  expect(await list(bytes)).toEqual([
    { ...plain, name: 'bin/', mode: 0o755 },
    { ...plain, name: 'bin/run', mode: 0o755, body: '#!/bin/sh' },
    { ...plain, name: 'bin/start', mode: 0o755, linkname: 'run' },
    { ...plain, name: `${'long/'.repeat(40)}name.txt`, mode: 0o644, body: 'deep' },
    { ...plain, name: 'empty', mode: 0o644 },
  ])
})

it('gives the same bytes for the same tree, whoever packed it and when', async () => {
  const one = await normalise(await tar([[{ name: 'a', mode: 0o644, uid: 1, mtime: new Date(1e12) }, 'x']]))
  const two = await normalise(await tar([[{ name: 'a', mode: 0o664, uname: 'me', mtime: new Date(2e12) }, 'x']]))
  expect(createHash('sha256').update(one.bytes).digest('hex')).toBe(createHash('sha256').update(two.bytes).digest('hex'))
})

it('passes files larger than any buffer', async () => {
  const text = 'x'.repeat(900_000)
  const { bytes } = await normalise(await tar([[{ name: 'big' }, text]]))
  expect((await list(bytes))[0]?.['body']).toBe(text)
})

it.each([
  { title: 'a path that climbs', entries: [[{ name: '../x' }, 'x']], says: '../x' },
  { title: 'a device', entries: [[{ name: 'dev', type: 'character-device' }]], says: 'character-device' },
  { title: 'a hard link', entries: [[{ name: 'a', type: 'link', linkname: 'b' }]], says: 'is a link' },
  {
    title: 'more than the byte cap',
    entries: [
      [{ name: 'a' }, 'x'.repeat(700_000)],
      [{ name: 'b' }, 'x'.repeat(700_000)],
    ],
    says: 'exceed 1 MB together, at b',
  },
  {
    title: 'more than the entry cap',
    entries: Array.from({ length: 11 }, (_, i) => [{ name: `f${i}` }, '']),
    says: 'more than 10',
  },
] as { title: string; entries: Parameters<typeof tar>[0]; says: string }[])('refuses $title', async ({ entries, says }) => {
  await expect(normalise(await tar(entries))).rejects.toMatchObject({
    code: 'source_refused',
    message: expect.stringContaining(says),
  })
})

it('refuses a tar that breaks off', async () => {
  const whole = await tar([[{ name: 'a' }, 'x'.repeat(2000)]])
  await expect(normalise(whole.subarray(0, 1000))).rejects.toThrow()
})

it('reports an output that fails, as on a full disk, and nothing else breaks', async () => {
  const full = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('no space'), { code: 'ENOSPC' })),
  })
  const input = await tar([
    [{ name: 'a' }, 'x'.repeat(900_000)],
    [{ name: 'b' }, 'x'],
  ])
  await expect(normaliseTar(Readable.from([input]), full, caps)).rejects.toMatchObject({ code: 'ENOSPC' })
})
