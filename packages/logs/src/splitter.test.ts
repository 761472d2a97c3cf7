import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FRAME_HEAD_BYTES, FrameKind, frame, openFrameSplitter } from './frames.ts'

it('gives back the frames that were sent, however the bytes are cut on the way', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 50 })), fc.integer({ min: 1, max: 40 }), (texts, step) => {
      const sent = Buffer.concat(texts.map((text) => frame(FrameKind.records, Buffer.from(text))))
      const splitter = openFrameSplitter()
      const got: string[] = []
      for (let offset = 0; offset < sent.length; offset += step) {
        splitter.push(sent.subarray(offset, offset + step), (bytes, start, end) => {
          got.push(bytes.toString('utf8', start + FRAME_HEAD_BYTES, end))
        })
      }
      expect(got).toEqual(texts.map((text) => Buffer.from(text).toString()))
    }),
  )
})

it('refuses a frame larger than any we send', () => {
  expect(() => openFrameSplitter().push(Buffer.from('GET / HTTP/1.1'), () => {})).toThrow(/at most/)
})
