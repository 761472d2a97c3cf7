import { describe, expect, it } from 'vitest'
import { appOfRemote, chooseApp } from './app-name.ts'
import { gitOrigins, isLoopback } from './platform-hosts.ts'

const api = 'https://paas.example.com'

it.each([
  ['https://paas.example.com/shop.git', api, 'shop'],
  ['https://git.paas.example.com/shop.git', api, 'shop'],
  ['https://ada:token@paas.example.com/shop.git', api, 'shop'],
  ['https://paas.example.com/shop', api, 'shop'],
  ['https://git.paas.example.com/shop.git', 'https://api.paas.example.com', 'shop'],
  ['ssh://git@paas.example.com:2222/shop.git', api, 'shop'],
  ['git@git.paas.example.com:shop.git', api, 'shop'],
  ['http://localhost:5000/shop.git', 'http://localhost:5000', 'shop'],
  ['http://localhost/shop.git', 'http://localhost:5000', undefined],
  ['http://paas.example.com/shop.git', api, undefined],
  ['https://paas.example.com.evil.org/shop.git', api, undefined],
  ['https://evil.org/https://paas.example.com/shop.git', api, undefined],
  ['https://paas.example.com/group/shop.git', api, undefined],
  ['git@github.com:ada/shop.git', api, undefined],
  ['../elsewhere', api, undefined],
])('%s on %s is %s', (remote, platform, app) => {
  expect(appOfRemote(remote, platform)).toBe(app)
})

describe('chooseApp', () => {
  const paas = { remote: 'paas', url: `${api}/shop.git` }
  const staging = { remote: 'staging', url: `${api}/shop-staging.git` }
  const origin = { remote: 'origin', url: 'git@example.org:ada/shop.git' }

  it('takes the only app the remotes name', () => {
    expect(chooseApp([origin, paas], api, undefined)).toBe('shop')
    expect(chooseApp([paas, { ...paas, remote: 'again' }], api, undefined)).toBe('shop')
  })
  it('takes the remote that was asked for', () => {
    expect(chooseApp([paas, staging], api, 'staging')).toBe('shop-staging')
  })
  it.each([
    { title: 'asks when there are two apps', remotes: [paas, staging], wanted: undefined, message: 'several apps' },
    { title: 'refuses a remote of somebody else', remotes: [paas, origin], wanted: 'origin', message: 'not an app on' },
    { title: 'refuses a remote that is not there', remotes: [paas], wanted: 'x', message: 'No git remote named x.' },
    { title: 'says how to name one when there is none', remotes: [origin], wanted: undefined, message: 'No app given' },
  ])('$title', ({ remotes, wanted, message }) => {
    expect(() => chooseApp(remotes, api, wanted)).toThrow(message)
  })
})

it('knows the git hosts of a platform from its URL', () => {
  expect(gitOrigins('https://api.example.com:8443')).toEqual([
    'https://api.example.com:8443',
    'https://example.com:8443',
    'https://git.example.com:8443',
  ])
  expect(gitOrigins('http://127.0.0.1:5000')).toEqual(['http://127.0.0.1:5000'])
})

it.each([
  ['localhost', true],
  ['shop.localhost', true],
  ['LOCALHOST.', true],
  ['127.0.0.1', true],
  ['localhost.example.com', false],
  ['10.0.0.1', false],
])('%s is this machine: %s', (hostname, local) => {
  expect(isLoopback(hostname)).toBe(local)
})
