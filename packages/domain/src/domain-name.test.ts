import { expect, it } from 'vitest'
import { parseDomainName } from './domain-name.ts'

it.each([
  ['www.example.com', 'www.example.com'],
  ['WWW.Example.COM.', 'www.example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['a.b.c.d.example.com', 'a.b.c.d.example.com'],
])('takes %s', (input, hostname) => {
  expect(parseDomainName(input, 'paas.test')).toEqual({ kind: 'hostname', hostname })
})

it.each([
  '',
  '.',
  'localhost',
  'example',
  '*.example.com',
  'a..example.com',
  '-a.example.com',
  'a_b.example.com',
  'user@example.com',
  'example.com:80',
  'example.com/path',
  'ex%61mple.com',
  'exam ple.com',
  'example.com\0',
  '10.0.0.1',
  '[::1]',
  '0x7f.1',
  `${'a'.repeat(64)}.com`,
  `${'a.'.repeat(127)}com`,
  'paas.test',
  'shop.paas.test',
  'A.SHOP.PAAS.TEST',
])('refuses %j', (input) => {
  expect(parseDomainName(input, 'paas.test').kind).toBe('refused')
})
