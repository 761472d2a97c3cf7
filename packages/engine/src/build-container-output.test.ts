import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { demultiplex } from './build-container-output.ts'

function frame(stream: 1 | 2, body: string): Buffer {
  const bytes = Buffer.from(body)
  const header = Buffer.alloc(8)
  header[0] = stream
  header.writeUInt32BE(bytes.length, 4)
  return Buffer.concat([header, bytes])
}

it('takes both streams apart, wherever the chunks are cut', async () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(1 as const, 2 as const), fc.string({ maxLength: 20 })), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(frames, fc.integer({ min: 1, max: 13 }), async (sent, cut) => {
      const wire = Buffer.concat(sent.map(([stream, body]) => frame(stream, body)))
      const chunks = Array.from({ length: Math.ceil(wire.length / cut) }, (_, at) => wire.subarray(at * cut, (at + 1) * cut))
      const stdout = new PassThrough()
      const errors: Buffer[] = []
      const [out] = await Promise.all([
        text(stdout),
        demultiplex(Readable.from(chunks), { stdout, onStderr: (chunk) => errors.push(chunk) }),
      ])
      const sentOn = (wanted: 1 | 2) =>
        sent
          .filter(([stream]) => stream === wanted)
          .map(([, body]) => body)
          .join('')
      expect(out).toBe(sentOn(1))
      expect(Buffer.concat(errors).toString()).toBe(sentOn(2))
    }),
  )
})
