import { expect, it } from 'vitest'
import { OutputDecoder } from './output-decoder.ts'
import { dockerFrame } from './testing-output.ts'

const AT = '2026-01-02T03:04:05.678901234Z'

function decode(frames: Buffer[], step = Number.POSITIVE_INFINITY) {
  const lines: { channel: number; nanos: number; text: string }[] = []
  const decoder = new OutputDecoder((channel, at, bytes, start, end) =>
    lines.push({ channel, nanos: at.nanos, text: bytes.toString('latin1', start, end) }),
  )
  const all = Buffer.concat(frames)
  for (let offset = 0; offset < all.length; offset += step) decoder.push(all.subarray(offset, offset + step))
  decoder.finish()
  return lines
}

it('reads channel, time and text, wherever the bytes are cut', () => {
  const frames = [dockerFrame(1, AT, 'out\r\n'), dockerFrame(2, AT, 'err \0 text\n')]
  for (const step of [1, 7, 1000]) {
    expect(decode(frames, step)).toEqual([
      { channel: 1, nanos: 678901234, text: 'out' },
      { channel: 2, nanos: 678901234, text: 'err \0 text' },
    ])
  }
})

it('joins the records of a 40 kB line and cuts it at 10,000 bytes, with another channel in between', () => {
  const part = 'x'.repeat(16 * 1024)
  const frames = [
    dockerFrame(1, AT, part),
    dockerFrame(2, AT, 'between\n'),
    dockerFrame(1, AT, part),
    dockerFrame(1, AT, `${'x'.repeat(40_000 - 2 * part.length)}\n`),
  ]
  const out = decode(frames).filter(({ channel }) => channel === 1)
  expect(out.map(({ text }) => text.length)).toEqual([10_000, 10_000, 10_000, 10_000])
})

it('gives out a last line that has no newline', () => {
  expect(decode([dockerFrame(1, AT, 'the end')]).map(({ text }) => text)).toEqual(['the end'])
})
