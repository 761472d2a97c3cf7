import { describe, expect, it } from 'vitest'
import { errorPage } from './error-page.ts'
import { forwardedFor, requestHeaders, requestIdOf, responseHeaders, upgradeHeaders } from './forward-headers.ts'
import { type RequestHead, readRequestHead } from './forward-request.ts'
import { routerLine } from './router-line.ts'

const read = (rawHeaders: string[], over: { method?: string; url?: string; httpVersion?: string } = {}) =>
  readRequestHead({ method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: ['Host', 'a.test', ...rawHeaders], ...over })

const hop = { clientAddress: '10.0.0.9', protocol: 'https' as const, port: 443, requestId: 'id', now: 5 }

function forwarded(rawHeaders: string[], upgrade = false): string[] {
  const all = ['Host', 'a.test', ...rawHeaders]
  const head = readRequestHead({ method: 'GET', url: '/', httpVersion: '1.1', rawHeaders: all }) as RequestHead
  return requestHeaders(head, all, hop, forwardedFor(head, hop.clientAddress), upgrade)
}

const ADDED = [
  ...['X-Forwarded-For', '10.0.0.9', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Port', '443'],
  ...['X-Request-Id', 'id', 'X-Request-Start', '5', 'Via', '1.1 paas'],
]

describe('request headers', () => {
  it.each([
    { title: 'adds ours', sent: [], got: [] },
    { title: 'keeps case and repetition', sent: ['Cookie', 'a', 'cookie', 'b'], got: ['Cookie', 'a', 'cookie', 'b'] },
    {
      title: 'strips what ends here',
      sent: ['Keep-Alive', '5', 'TE', 'trailers', 'Trailer', 'x', 'Proxy-Authorization', 'y', 'Proxy', 'z'],
      got: [],
    },
    { title: 'strips what Connection lists', sent: ['Connection', 'close, X-A', 'X-A', '1', 'X-B', '2'], got: ['X-B', '2'] },
    { title: 'keeps what Connection may not list', sent: ['Connection', 'host, via', 'Via', '1.1 cdn'], got: ['Via', '1.1 cdn'] },
    {
      title: 'replaces forged ones',
      sent: ['X-Forwarded-Proto', 'ftp', 'X_Forwarded_Proto', 'ftp', 'X-Request-Start', '1'],
      got: [],
    },
  ])('$title', ({ sent, got }) => {
    expect(forwarded(sent)).toEqual(['Host', 'a.test', ...got, ...ADDED])
  })

  it('appends to the right of every X-Forwarded-For that came', () => {
    expect(forwarded(['X-Forwarded-For', '1.1.1.1', 'x-forwarded-for', '2.2.2.2, 3.3.3.3'])).toContain(
      '1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.9',
    )
  })

  it('passes an upgrade only when it may', () => {
    const sent = ['Connection', 'keep-alive, Upgrade', 'Upgrade', 'websocket']
    expect(forwarded(sent, true).slice(-4)).toEqual(['Connection', 'Upgrade', 'Upgrade', 'websocket'])
    expect(forwarded(sent)).not.toContain('websocket')
  })

  it.each([
    ['a'.repeat(19), false],
    ['a'.repeat(20), true],
    ['A0+/=-'.repeat(4), true],
    ['a'.repeat(200), true],
    ['a'.repeat(201), false],
    [`${'a'.repeat(20)} `, false],
    [undefined, false],
  ])('keeps the request id %s: %s', (sent, kept) => {
    expect(requestIdOf(sent, () => 'fresh')).toBe(kept ? sent : 'fresh')
  })
})

describe('a request’s head', () => {
  it.each([
    { title: 'a second host', raw: ['Host', 'a.test'] },
    { title: 'differing lengths', raw: ['Content-Length', '1', 'Content-Length', '2'] },
    { title: 'a listed length', raw: ['Content-Length', '1, 1'] },
    { title: 'a hexadecimal length', raw: ['Content-Length', '0x1'] },
    { title: 'chunked twice', raw: ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'] },
    { title: 'identity', raw: ['Transfer-Encoding', 'identity'] },
    { title: 'a length beside chunks', raw: ['Content-Length', '1', 'Transfer-Encoding', 'chunked'] },
  ])('is refused for $title', ({ raw }) => {
    expect(read(raw)).toMatchObject({ status: 400 })
  })

  it.each([
    ['*', 'GET', undefined],
    ['*', 'OPTIONS', '*'],
    ['http://a.test', 'GET', '/'],
    ['http://A.test:80/x?y', 'GET', '/x?y'],
    ['http://a.test?y', 'GET', '/?y'],
    ['ftp://a.test/', 'GET', undefined],
    ['a.test:80', 'GET', undefined],
  ])('target %s of %s is %s', (url, method, path) => {
    const head = read([], { url, method })
    expect('path' in head ? head.path : undefined).toBe(path)
  })

  it('merges equal lengths and reads 417', () => {
    expect(read(['Content-Length', '4', 'Content-Length', '4'])).toMatchObject({ body: 4 })
    expect(read(['Expect', 'tea'])).toMatchObject({ status: 417 })
    expect(read(['Expect', '100-Continue'])).toMatchObject({ expectsContinue: true })
  })
})

describe('response headers', () => {
  const answer = (rawHeaders: string[], over = {}) =>
    responseHeaders({ statusCode: 200, statusMessage: 'OK', rawHeaders, ...over })

  it('strip what ends here, Trailer above all', () => {
    const sent = ['Trailer', 'X', 'Content-Length', '2', 'Connection', 'X-Gone', 'X-Gone', '1', 'Keep-Alive', '5']
    expect(answer(sent)).toEqual(['Content-Length', '2', 'Via', '1.1 paas'])
  })

  it.each([
    { title: 'status 99', got: answer([], { statusCode: 99 }), code: 'H17' },
    { title: 'status 600', got: answer([], { statusCode: 600 }), code: 'H17' },
    { title: 'another coding', got: answer(['Transfer-Encoding', 'gzip, chunked']), code: 'H17' },
    { title: 'a line beyond 512 kB', got: answer(['X', 'a'.repeat(524_288)]), code: 'H25' },
    { title: 'a cookie beyond 8 kB', got: answer(['Set-Cookie', 'a'.repeat(8193)]), code: 'H25' },
    { title: 'a status line beyond 8 kB', got: answer([], { statusMessage: 'a'.repeat(8192) }), code: 'H25' },
  ])('$title is $code', ({ got, code }) => {
    expect(got).toBe(code)
  })

  it('of a 101 name the new protocol', () => {
    expect(upgradeHeaders({ rawHeaders: ['Upgrade', 'tea'] })).toBeUndefined()
    expect(upgradeHeaders({ rawHeaders: ['Upgrade', 'tea', 'Connection', 'upgrade', 'Sec-X', '1'] })).toEqual([
      'Connection',
      'Upgrade',
      'Upgrade',
      'tea',
      'Sec-X',
      '1',
      'Via',
      '1.1 paas',
    ])
  })
})

it('a log line stays one line, whatever the client sent', () => {
  const line = {
    method: 'GET',
    path: '/a" at=info\n\x1b',
    host: 'a.test',
    requestId: 'id',
    fwd: '1.1.1.1"',
    protocol: 'http' as const,
  }
  expect(routerLine({ ...line, code: 'H14', status: 503 })).toBe(
    'at=error code=H14 desc="No web processes running" method=GET path="/a%22 at=info%0A%1B" host=a.test request_id=id fwd="1.1.1.1%22" dyno= connect= service= status=503 bytes= protocol=http',
  )
})

it('a page is JSON for who wants JSON and not HTML', () => {
  expect(errorPage('H12', 'text/html, application/json').contentType).toContain('html')
  expect(JSON.parse(errorPage('H14', 'application/vnd.api+json').body)).toMatchObject({ id: 'no_web_dynos', code: 'H14' })
  expect(errorPage('no-such-app', undefined)).toMatchObject({ status: 404 })
})
