import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseHost, platformStage } from './host-header.ts'

describe('parseHost', () => {
  it.each([
    ['shop.example.com', 'shop.example.com', undefined],
    ['SHOP.Example.COM', 'shop.example.com', undefined],
    ['shop.example.com.', 'shop.example.com', undefined],
    ['shop.example.com.:8080', 'shop.example.com', 8080],
    ['shop.example.com:', 'shop.example.com', undefined],
    ['a_b.example.com', 'a_b.example.com', undefined],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example', undefined],
    ['127.0.0.1:80', '127.0.0.1', 80],
    ['[::1]:80', '::1', 80],
    ['localhost', 'localhost', undefined],
  ])('reads %s', (value, hostname, port) => {
    expect(parseHost(value)).toMatchObject({ hostname, port })
  })

  it.each([
    '',
    ' shop',
    'a@b',
    'a b',
    'a,b',
    'a/b',
    'a\\b',
    'a..b',
    '.a',
    'a..',
    '-a',
    'a-',
    'a:b',
    'a:1:2',
    'a:99999',
    'a:123456',
    '[::1',
    '::1',
    'bücher.example',
    'a%2eb',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(150)}b`,
    'a\x00',
  ])('refuses %j', (value) => {
    expect(parseHost(value)).toBeUndefined()
  })

  it('gives one name however a name is written', () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,8}(\.[a-z0-9]{1,8}){0,3}$/)
    const port = fc.option(fc.integer({ min: 1, max: 65535 }))
    fc.assert(
      fc.property(name, fc.infiniteStream(fc.boolean()), fc.boolean(), port, (plain, upper, dot, number) => {
        const written = [...plain].map((c) => (upper.next().value ? c.toUpperCase() : c)).join('')
        expect(parseHost(`${written}${dot ? '.' : ''}${number === null ? '' : `:${number}`}`)?.hostname).toBe(plain)
      }),
    )
  })
})

it.each([
  ['paas.test', '/apps', 'api'],
  ['api.paas.test', '/shop.git/info/refs', 'api'],
  ['git.paas.test', '/', 'receiver'],
  ['paas.test', '/shop.git/info/refs', 'receiver'],
  ['paas.test', '/shop.git', 'api'],
  ['paas.test', '/.git/config', 'api'],
  ['paas.test', '/apps/shop.git/info', 'api'],
  ['10.0.0.1', '/shop.git/git-receive-pack', 'receiver'],
  ['[::1]:5000', '/', 'api'],
  ['shop.paas.test', '/shop.git/info/refs', undefined],
  ['evilpaas.test', '/', undefined],
])('platformStage: %s%s is %s', (host, path, stage) => {
  expect(platformStage(parseHost(host)!, path, 'paas.test')).toBe(stage)
})
