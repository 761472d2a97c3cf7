import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProcfile } from './procfile.ts'

describe('parseProcfile', () => {
  it.each([
    {
      title: 'reads types in order',
      text: 'web: node a.js\nworker: node b.js\n',
      got: { web: 'node a.js', worker: 'node b.js' },
    },
    {
      title: 'takes any line end, a BOM and no last newline',
      text: '\uFEFFweb: a\r\nb: c\rd: e',
      got: { web: 'a', b: 'c', d: 'e' },
    },
    { title: 'skips comments and blank lines', text: '# web\n\n   \nweb: a', got: { web: 'a' } },
    { title: 'keeps colons and spaces of the command', text: 'web:  a --x=b:c  -- d ', got: { web: 'a --x=b:c  -- d' } },
    { title: 'needs no space after the colon', text: 'release:rake db:migrate', got: { release: 'rake db:migrate' } },
    { title: 'is empty for an empty file', text: '', got: {} },
  ])('$title', ({ text, got }) => {
    expect(parseProcfile(text)).toEqual(got)
    expect(Object.keys(parseProcfile(text))).toEqual(Object.keys(got))
  })

  it.each([
    { title: 'a line without a colon', text: 'web: a\nnode server.js', says: 'line 2' },
    { title: 'a type without a command', text: 'web:', says: 'line 1' },
    { title: 'a type with other characters', text: '\n\nmy web: a', says: 'line 3' },
    { title: 'a type named twice', text: 'web: a\nweb: b', says: 'line 2 names "web" again, which line 1 has' },
  ])('refuses $title and names the line', ({ text, says }) => {
    expect(() => parseProcfile(text)).toThrow(
      expect.objectContaining({ code: 'procfile_invalid', message: expect.stringContaining(says) }),
    )
  })

  it('shows no control character of a line it refuses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          parseProcfile(text)
        } catch (error) {
          expect((error as Error).message).not.toMatch(/[\x00-\x1f\x7f-\x9f]/)
        }
      }),
    )
  })
})
