import fc from 'fast-check'
import { expect, it } from 'vitest'
import { appUrl, cleanLine, deployedLines, stillLine } from './push-text.ts'

it.each([
  { httpPort: 80, httpsPort: 443, got: 'http://shop.example.com' },
  { httpPort: 8080, httpsPort: 8443, got: 'http://shop.example.com:8080' },
  { httpPort: 0, httpsPort: 443, got: 'https://shop.example.com' },
  { httpPort: 0, httpsPort: 8443, got: 'https://shop.example.com:8443' },
])('an app is found at $got', ({ got, ...ports }) => expect(appUrl('shop', { domain: 'example.com', ...ports })).toBe(got))

it('ends as on Heroku', () => expect(deployedLines(12, 'http://shop.localhost')[0]).toBe('       Released v12'))

it.each([
  { ms: 40_400, got: '       still building, 40 s' },
  { ms: 190_000, got: '       still building, 3 min' },
])('says $got', ({ ms, got }) => expect(stillLine('building', ms)).toBe(got))

it.each([
  { title: 'plain text', given: '-----> Node.js app detected', got: '-----> Node.js app detected' },
  { title: 'colours', given: '\x1b[1;31mno\x1b[0m', got: '\x1b[1;31mno\x1b[0m' },
  { title: 'tabs', given: 'a\tb', got: 'a\tb' },
  { title: 'the last state of a progress bar', given: '10%\r50%\r100%\r', got: '100%' },
  { title: 'no cursor movement', given: 'a\x1b[2Jb\x1b[1;1H', got: 'ab' },
  { title: 'no window title', given: '\x1b]0;pwned\x07ok', got: 'ok' },
  { title: 'no bell, NUL or line end', given: 'a\x07\x00\nb', got: 'ab' },
  { title: 'no 8-bit control', given: 'a\x9b31mb', got: 'a31mb' },
])('keeps $title', ({ given, got }) => expect(cleanLine(given)).toBe(got))

it('lets no control character but tab and colours through, whatever is printed', () => {
  const noise = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\x1b', '[', ']', 'm', '1', ';', '\x07', '\r', '\n', '\x9b', 'P'),
      fc.string({ unit: 'binary', maxLength: 1 }),
    ),
  })
  fc.assert(fc.property(noise, (text) => !/[\x00-\x08\x0a-\x1f\x7f-\x9f]/.test(cleanLine(text).replace(/\x1b\[[\d;]*m/g, ''))))
})
