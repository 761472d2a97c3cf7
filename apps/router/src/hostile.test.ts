// Whatever a dyno answers, the client gets an answer or a cut connection, and
// the router lives on.
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openRig, type Rig, route } from './rig.ts'

let rig: Rig
const thrown: unknown[] = []
const onThrown = (err: unknown) => void thrown.push(err)
beforeEach(async () => {
  process.on('uncaughtException', onThrown)
  process.on('unhandledRejection', onThrown)
  rig = await openRig({ connectMs: 500, firstByteMs: 200, idleMs: 200 })
})
afterEach(async () => {
  await rig[Symbol.asyncDispose]()
  process.off('uncaughtException', onThrown)
  process.off('unhandledRejection', onThrown)
  expect(thrown).toEqual([])
})

async function answerTo(text: string, end = true): Promise<string> {
  const dyno = await rig.rawBackend((socket) =>
    socket.once('data', () => (end ? socket.end(text, 'latin1') : socket.write(text, 'latin1'))),
  )
  await rig.set(route('shop', [dyno]))
  return rig.get('shop.example.com')
}

const OK = 'HTTP/1.1 200 OK\r\n'

it.each([
  { title: 'Trailer with Content-Length', text: `${OK}Trailer: X\r\nContent-Length: 2\r\n\r\nok`, got: 200 },
  {
    title: 'Trailer with chunks',
    text: `${OK}Trailer: X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n`,
    got: 200,
  },
  { title: 'no status line', text: 'hello\r\n\r\n', got: 502 },
  { title: 'a status of two digits', text: 'HTTP/1.1 20 OK\r\n\r\n', got: 502 },
  { title: 'status 999', text: 'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n', got: 502 },
  { title: 'HTTP/9.9', text: 'HTTP/9.9 200 OK\r\n\r\n', got: 502 },
  { title: 'a control character in the reason', text: 'HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n', got: 502 },
  { title: 'a control character in a header', text: `${OK}X: a\x01b\r\nContent-Length: 0\r\n\r\n`, got: 502 },
  { title: 'a space in a header name', text: `${OK}X Y: a\r\nContent-Length: 0\r\n\r\n`, got: 502 },
  { title: 'two lengths', text: `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`, got: 502 },
  { title: 'a negative length', text: `${OK}Content-Length: -2\r\n\r\nok`, got: 502 },
  { title: 'chunked with a length', text: `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, got: 502 },
  { title: 'an unknown coding', text: `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, got: 502 },
  { title: 'two codings', text: `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, got: 502 },
  { title: '101 that nobody asked for', text: 'HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nraw', got: 502 },
  { title: 'a header of 600 kB', text: `${OK}X: ${'a'.repeat(600_000)}\r\nContent-Length: 0\r\n\r\n`, got: 502, code: 'H25' },
  { title: 'headers of 2 MB', text: `${OK}${`X: ${'a'.repeat(100_000)}\r\n`.repeat(20)}\r\n`, got: 502, code: 'H25' },
  { title: 'a cookie of 9 kB', text: `${OK}Set-Cookie: ${'a'.repeat(9000)}\r\nContent-Length: 0\r\n\r\n`, got: 502, code: 'H25' },
  { title: 'nothing', text: '', got: 503, code: 'H13' },
  { title: 'half a head', text: 'HTTP/1.1 200 OK\r\nX: ', got: 503, code: 'H13' },
  { title: 'a 204 with a body', text: 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello', got: 204 },
  {
    title: 'a hundred interim answers',
    text: `${'HTTP/1.1 103 Early\r\nLink: x\r\n\r\n'.repeat(100)}${OK}Content-Length: 2\r\n\r\nok`,
    got: 200,
  },
])('answers $got to $title', async ({ text, got, code }) => {
  const answer = await answerTo(text)
  expect(Number(answer.split(' ')[1])).toBe(got)
  expect(answer).not.toMatch(/^trailer:/im)
  if (got === 502) await rig.line(new RegExp(`code=${code ?? 'H17'}`))
})

it.each([
  { title: 'a body shorter than its length', text: `${OK}Content-Length: 9\r\n\r\nok` },
  { title: 'chunks that never end', text: `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n` },
  { title: 'a chunk size that is none', text: `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n` },
])('cuts the connection on $title', async ({ text }) => {
  const answer = await answerTo(text)
  expect(answer).not.toMatch(/\r\n0\r\n\r\n$/)
  await rig.line(/code=H18/)
})

it('answers or cuts, and lives, on any mixture of tokens and noise', async () => {
  const token = fc.constantFrom(
    ...[
      'HTTP/1.1 ',
      '200 OK',
      '101 X',
      '100 Continue',
      '304 X',
      '\r\n',
      '\n',
      '\r',
      ':',
      ' ',
      '\t',
      '\x00',
      '\xff',
      '0',
      '5',
      'ffffffffff',
    ],
    ...[
      'Transfer-Encoding: ',
      'chunked',
      'Content-Length: ',
      'Connection: ',
      'close',
      'upgrade',
      'Upgrade: ',
      'Trailer: ',
      'X: ',
      '\r\n\r\n',
    ],
  )
  const noise = fc.oneof({ weight: 6, arbitrary: token }, { weight: 1, arbitrary: fc.string() })
  const begun = fc.constantFrom(OK, `${OK}Transfer-Encoding: chunked\r\n`, 'HTTP/1.1 101 X\r\n', '')
  const mixture = fc.tuple(begun, fc.array(noise, { maxLength: 30 })).map(([begin, parts]) => begin + parts.join(''))
  let next = ''
  const dyno = await rig.rawBackend((socket) => socket.once('data', () => socket.end(next, 'latin1')))
  await rig.set(route('shop', [dyno]))
  await fc.assert(
    fc.asyncProperty(mixture, async (text) => {
      next = text
      await rig.get('shop.example.com')
      expect(thrown).toEqual([])
    }),
    { numRuns: Number(process.env['FUZZ_RUNS'] ?? 300) },
  )
}, 600_000)
