import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cutEnds } from './log-cut.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)

it.each([
  { title: 'an empty line is one empty piece', text: '', max: 4, ends: [0] },
  { title: 'a line that just fits is not cut', text: 'abcd', max: 4, ends: [4] },
  { title: 'a longer one is cut at the limit', text: 'abcdefghi', max: 4, ends: [4, 8, 9] },
  { title: 'a character is not cut through', text: 'abcé', max: 4, ends: [3, 5] },
])('$title', ({ text, max, ends }) => {
  expect(cutEnds(bytesOf(text), 0, bytesOf(text).length, max)).toEqual(ends)
})

it('cuts any bytes into pieces within the limit, losing none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 4, max: 50 }), (bytes, max) => {
      const ends = cutEnds(bytes, 0, bytes.length, max)
      const sizes = ends.map((end, index) => end - (ends[index - 1] ?? 0))
      expect(sizes.every((size) => size <= max && (size > 0 || bytes.length === 0))).toBe(true)
      expect(ends.at(-1)).toBe(bytes.length)
    }),
  )
})
