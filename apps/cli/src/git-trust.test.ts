import { expect, it } from 'vitest'
import { credentialLines, helperFor, trustSettings } from './git-trust.ts'

it('asks the store of our file and no other, and trusts the CA for the platform only', () => {
  const settings = trustSettings(
    { url: 'https://paas.example.com', caFile: '/etc/paas/ca.pem' },
    'store --file=/home/a/git-credentials',
  )
  expect(settings.slice(0, 3)).toEqual([
    ['--replace-all', 'credential.https://paas.example.com.helper', ''],
    ['--add', 'credential.https://paas.example.com.helper', 'store --file=/home/a/git-credentials'],
    ['--replace-all', 'http.https://paas.example.com.sslCAInfo', '/etc/paas/ca.pem'],
  ])
  expect(settings.map(([, key]) => key)).toContain('credential.https://git.paas.example.com.helper')
})

it('keeps proxies out of the way to this machine', () => {
  expect(trustSettings({ url: 'http://localhost' }, 'store')).toContainEqual(['--replace-all', 'http.http://localhost.proxy', ''])
})

it('gives git the token for every name of the platform', () => {
  expect(credentialLines({ url: 'http://localhost:8080', token: 'PAAS-x_y-z' }).split('\n')).toContain(
    'http://paas:PAAS-x_y-z@git.localhost:8080',
  )
})

it.each([
  { title: 'a stored token is read by git itself', env: {}, helper: "store --file='/home/a b/git-credentials'" },
  {
    title: 'a token of the environment is never written down',
    env: { PAAS_TOKEN: 'PAAS-x' },
    helper: "!'/opt/pa as/paas' git:credentials",
  },
])('$title', ({ env, helper }) => {
  expect(helperFor({ credentials: '/home/a b/git-credentials', cli: '/opt/pa as/paas' }, env)).toBe(helper)
})
