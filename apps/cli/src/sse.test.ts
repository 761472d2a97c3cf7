import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createEventParser } from './sse.ts'

it.each([
  { title: 'an id and data', text: 'id: 7\ndata: hello\n\n', events: [{ data: 'hello', lastEventId: '7' }] },
  { title: 'several data lines', text: 'data: a\ndata: b\n\n', events: [{ data: 'a\nb', lastEventId: '' }] },
  {
    title: 'comments and unknown fields',
    text: ': ping\n\nretry: 100\nevent: x\ndata:a\n\n',
    events: [{ data: 'a', lastEventId: '' }],
  },
  {
    title: 'carriage returns',
    text: 'id: 1\r\ndata: a\r\n\r\ndata: b\r\n\r\n',
    events: [
      { data: 'a', lastEventId: '1' },
      { data: 'b', lastEventId: '1' },
    ],
  },
  { title: 'an id without data', text: 'id: 9\n\ndata: a\n\n', events: [{ data: 'a', lastEventId: '9' }] },
  { title: 'an unfinished event', text: 'data: a\n', events: [] },
  { title: 'only the space after the colon', text: 'data:  two\n\n', events: [{ data: ' two', lastEventId: '' }] },
])('reads $title', ({ text, events }) => {
  expect(createEventParser()(Buffer.from(text))).toEqual(events)
})

it('reads the same events however the bytes were cut', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll(/[\r\n]/g, ''))
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1 }),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 9 }),
      (lines, end, size) => {
        const bytes = Buffer.from(lines.map((text, i) => `id: ${i}${end}data: ${text}${end}${end}`).join(''))
        const parse = createEventParser()
        const got = []
        for (let at = 0; at < bytes.length; at += size) got.push(...parse(bytes.subarray(at, at + size)))
        expect(got).toEqual(lines.map((data, i) => ({ data, lastEventId: String(i) })))
      },
    ),
  )
})
