import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createFrameDecoder, encodeFrame, FrameType } from './frames.ts'

const frame = fc.record({
  type: fc.constantFrom(...Object.values(FrameType)),
  payload: fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b)),
})

it('gives back what was sent, however the bytes were cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(({ type, payload }) => encodeFrame(type, payload)))
      const decode = createFrameDecoder()
      const got = []
      for (let at = 0, i = 0; at < bytes.length; i += 1) {
        const length = cuts[i % cuts.length]!
        got.push(...decode(bytes.subarray(at, at + length)))
        at += length
      }
      expect(got.map(({ type, payload }) => ({ type, payload: payload.toString('hex') }))).toEqual(
        sent.map(({ type, payload }) => ({ type, payload: payload.toString('hex') })),
      )
    }),
  )
})

it('refuses a length that only a stream out of step can have', () => {
  expect(() => createFrameDecoder()(Buffer.from('HTTP/1.1 400 Bad Request'))).toThrow('a frame of')
})
