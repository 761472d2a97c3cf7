import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeTar, openTar, sortByBytes, type TarEntry } from './tar.ts'

const entries: TarEntry[] = [
  { kind: 'file', name: 'app/b', content: 'b', uid: 20000 },
  { kind: 'directory', name: 'app', uid: 20000 },
  { kind: 'symlink', name: 'app/a', target: 'b' },
  { kind: 'file', name: 'app/run', content: '#!/bin/sh\n', executable: true },
]

describe('makeTar', () => {
  it('gives the same bytes in whatever order entries come', async () => {
    const expected = await makeTar(entries)
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(entries, { minLength: entries.length }), async (shuffled) => {
        expect((await makeTar(shuffled)).equals(expected)).toBe(true)
      }),
    )
  })

  it('sorts by byte, not by UTF-16 unit', () => {
    const names = ['\u{1F600}', '\uFFEE', 'a/b', 'a'].map((name) => ({ name }))
    expect(sortByBytes(names).map(({ name }) => name)).toEqual(['a', 'a/b', '\uFFEE', '\u{1F600}'])
  })
})

it('reads a tar in memory as it is, with its length', async () => {
  const bytes = Buffer.alloc(3 << 20, 7)
  const opened = await openTar(bytes)
  expect(opened.bytes).toBe(bytes.length)
  expect((await buffer(opened.stream)).equals(bytes)).toBe(true)
})
