import { expect, it } from 'vitest'
import { parseSlugignore } from './slugignore.ts'

it.each([
  { text: '*.psd', hits: ['a.psd', 'x/a.psd'], misses: ['a.psd.txt', 'apsd'] },
  { text: '/docs', hits: ['docs', 'docs/a.md'], misses: ['x/docs', 'docs.txt'] },
  { text: 'docs/', hits: ['docs/a', 'x/docs/a'], misses: ['xdocs'] },
  { text: 'test/*.js', hits: ['test/a.js'], misses: ['test/x/a.js', 'x/test/a.js'] },
  { text: 'a/**/b', hits: ['a/b', 'a/x/y/b'], misses: ['a/xb'] },
  { text: '# note\n\n!keep\r\nold?.txt', hits: ['old1.txt'], misses: ['keep', 'old.txt', '# note'] },
  { text: 'a+(b)[c].txt', hits: ['a+(b)[c].txt'], misses: ['aab.txt'] },
  { text: '', hits: [], misses: ['', 'a'] },
])('reads $text', ({ text, hits, misses }) => {
  const ignored = parseSlugignore(text)
  expect(hits.filter((path) => !ignored(path))).toEqual([])
  expect(misses.filter(ignored)).toEqual([])
})
