import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { makeTar, type TarEntry, type TarSource } from '@paas/engine/tar'
import { extract } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeAppLayer } from './app-layer.ts'
import { readSource } from './source.ts'

let folder: string
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'paas-source-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function sourceOf(entries: TarEntry[], bytes?: number) {
  const file = path.join(folder, `${crypto.randomUUID()}.tar`)
  const tar = await makeTar(entries)
  writeFileSync(file, tar)
  return { file, source: await readSource(file, bytes ?? tar.length, ['package.json', '**/*.lock']) }
}
const file = (name: string, content = name): TarEntry => ({ kind: 'file', name, content })

async function namesIn(tar: TarSource): Promise<string[]> {
  const reader = extract()
  Readable.from([tar as Buffer], { objectMode: false }).pipe(reader)
  const names: string[] = []
  for await (const entry of reader) {
    names.push(`${entry.header.name} ${entry.header.uid} ${entry.header.mode?.toString(8)}`)
    entry.resume()
  }
  return names
}

describe('readSource', () => {
  it('knows names, texts that decide, and digests of key files', async () => {
    const { source } = await sourceOf([file('Procfile', 'web: x'), file('a/b.lock'), file('package.json', '{}'), file('x.js')])
    expect([...source.files].sort()).toEqual(['Procfile', 'a/b.lock', 'package.json', 'x.js'])
    expect(source.text('Procfile')).toBe('web: x')
    expect(source.text('x.js')).toBeUndefined()
    expect([...source.digests.keys()].sort()).toEqual(['a/b.lock', 'package.json'])
  })

  it.each(['Procfile', 'app.json', 'package.json'])('refuses a %s that is a link, and does not follow it', async (name) => {
    await expect(sourceOf([{ kind: 'symlink', name, target: '/etc/hostname' }])).rejects.toMatchObject({
      code: 'source_refused',
      message: expect.stringContaining('symbolic link'),
    })
  })
})

describe('makeAppLayer', () => {
  it('puts the same files under app/, owned by the dyno, parents first', async () => {
    const { source, file: path } = await sourceOf([
      file('a/b/c.txt'),
      { kind: 'file', name: 'run', content: 'x', executable: true },
    ])
    const layer = await makeAppLayer(source, `${path}.layer`)
    expect(await namesIn(layer.tar)).toEqual([
      'app/ 20000 755',
      'app/a/ 20000 755',
      'app/a/b/ 20000 755',
      'app/a/b/c.txt 20000 644',
      'app/run 20000 755',
    ])
  })

  it('leaves out what .slugignore lists', async () => {
    const { source, file: path } = await sourceOf([
      file('.slugignore', '*.psd\n/docs'),
      file('a.psd'),
      file('docs/x'),
      file('b.js'),
    ])
    const layer = await makeAppLayer(source, `${path}.layer`)
    expect(layer.ignored).toBe(2)
    expect((await namesIn(layer.tar)).map((name) => name.split(' ')[0])).toEqual(['app/', 'app/.slugignore', 'app/b.js'])
  })

  it('gives the same bytes for the same source, in memory or by way of the disk', async () => {
    const entries = [file('index.js', 'x'.repeat(3_000_000)), file('y')]
    const [a, b] = [await sourceOf(entries), await sourceOf(entries, 100_000_000)]
    const [kept, spooled] = [await makeAppLayer(a.source, `${a.file}.layer`), await makeAppLayer(b.source, `${b.file}.layer`)]
    expect(typeof spooled.tar).toBe('string')
    const { readFileSync } = await import('node:fs')
    expect(readFileSync(spooled.tar as string).equals(kept.tar as Buffer)).toBe(true)
  })
})
