import { expect, it } from 'vitest'
import { parseGitRequest, passwordOf, protocolOf } from './request.ts'

it.each([
  {
    method: 'GET',
    target: '/shop.git/info/refs?service=git-receive-pack',
    got: { app: 'shop', service: 'git-receive-pack', step: 'refs' },
  },
  {
    method: 'GET',
    target: '/shop/info/refs?service=git-upload-pack',
    got: { app: 'shop', service: 'git-upload-pack', step: 'refs' },
  },
  { method: 'POST', target: '/Shop.git/git-receive-pack', got: { app: 'shop', service: 'git-receive-pack', step: 'pack' } },
  { method: 'POST', target: '/shop/git-upload-pack', got: { app: 'shop', service: 'git-upload-pack', step: 'pack' } },
  { method: 'GET', target: '/shop.git/info/refs', got: undefined },
  { method: 'GET', target: '/shop.git/info/refs?service=git-upload-archive', got: undefined },
  { method: 'GET', target: '/shop.git/HEAD', got: undefined },
  { method: 'GET', target: '/shop.git/git-receive-pack', got: undefined },
  { method: 'POST', target: '/shop.git/constructor', got: undefined },
  { method: 'POST', target: '/a/../shop.git/git-receive-pack', got: undefined },
  { method: 'POST', target: '/..%2fshop.git/git-receive-pack', got: undefined },
  { method: 'POST', target: '/-x.git/git-receive-pack', got: undefined },
])('$method $target', ({ method, target, got }) => expect(parseGitRequest(method, target)).toEqual(got))

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
it.each([
  { title: 'any user name', given: basic('heroku:PAAS-x'), got: 'PAAS-x' },
  { title: 'no user name', given: basic(':PAAS-x'), got: 'PAAS-x' },
  { title: 'a colon in the password', given: basic('a:b:c'), got: 'b:c' },
  { title: 'an empty password', given: basic('a:'), got: undefined },
  { title: 'no colon', given: basic('a'), got: undefined },
  { title: 'another scheme', given: 'Bearer PAAS-x', got: undefined },
  { title: 'nothing', given: undefined, got: undefined },
])('password: $title', ({ given, got }) => expect(passwordOf(given)).toBe(got))

it.each([
  ['version=2', 'version=2'],
  ['version=2\nX', undefined],
  ['$(id)', undefined],
  [undefined, undefined],
])('protocol %j', (given, got) => expect(protocolOf(given)).toBe(got))
