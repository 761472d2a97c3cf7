import { posix } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { judgeEntry, type SourceEntry } from './source-entry.ts'

function entry(name: string, more: Partial<SourceEntry> = {}): SourceEntry {
  return { name, type: 'file', mode: 0o664, size: 3, linkname: undefined, ...more }
}
function link(name: string, linkname: string): SourceEntry {
  return entry(name, { type: 'symlink', linkname })
}

it.each([
  { title: 'a file', given: entry('a/b.txt'), mode: 0o644 },
  { title: 'a script', given: entry('bin/run', { mode: 0o775 }), mode: 0o755 },
  { title: 'a folder', given: entry('a/', { type: 'directory', mode: 0o775 }), mode: 0o755 },
  { title: 'a link beside it', given: link('current', 'v1'), mode: 0o755 },
  { title: 'a link up and down again', given: link('node_modules/.bin/x', '../x/bin.js'), mode: 0o755 },
  { title: 'a link to the root', given: link('a/b', '..'), mode: 0o755 },
  { title: '.gitignore, .github, and names that only look like .git', given: entry('.github/.gitignore'), mode: 0o644 },
  { title: 'names in other scripts', given: entry('日本/ñ.txt'), mode: 0o644 },
])('takes $title', ({ given, mode }) => {
  expect(judgeEntry(given)).toMatchObject({
    ok: true,
    entry: { name: given.name, mode, uid: 20000, gid: 20000, mtime: new Date('2000-01-01T00:00:00Z') },
  })
})

it.each([
  { given: entry('../x'), says: '../x has' },
  { given: entry('a/../../x'), says: '..' },
  { given: entry('/etc/passwd'), says: 'absolute' },
  { given: entry('a//b'), says: 'empty' },
  { given: entry('.git/config'), says: '.git/config is inside' },
  { given: entry('sub/.GiT/hooks/x'), says: 'is inside a .git folder' },
  { given: entry('a\nb'), says: 'a\\x0ab has a control character' },
  { given: entry('a\x1b[31m'), says: 'control character' },
  { given: entry('caf\ufffd'), says: 'UTF-8' },
  { given: entry('x'.repeat(256)), says: '255 bytes' },
  { given: entry('x/'.repeat(2100)), says: '4000 bytes' },
  { given: entry('dev', { type: 'character-device' }), says: 'character-device' },
  { given: entry('hard', { type: 'link', linkname: 'a' }), says: 'is a link' },
  { given: link('a', '/etc/passwd'), says: 'a is a symbolic link to /etc/passwd' },
  { given: link('a/b', '../../x'), says: 'outside' },
  { given: link('a/b', 'c/../../..'), says: 'outside' },
  { given: link('a', ''), says: 'outside' },
])('refuses $given.name', ({ given, says }) => {
  const judged = judgeEntry(given)
  expect(judged.ok ? 'taken' : judged.reason).toContain(says)
})

it('no link it takes leaves the tree, read by name', () => {
  const part = fc.constantFrom('..', '.', '', 'a', 'b')
  const name = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  const target = fc.array(part, { maxLength: 6 }).map((parts) => parts.join('/'))
  fc.assert(
    fc.property(name, target, (from, to) => {
      const real = posix.normalize(posix.join('tree', posix.dirname(from), to))
      return !judgeEntry(link(from, to)).ok || `${real}/`.startsWith('tree/')
    }),
  )
})
