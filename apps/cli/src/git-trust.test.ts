import { expect, it } from 'vitest'
import { trustSettings } from './git-trust.ts'

it('asks our helper and no other, and trusts the CA for the platform only', () => {
  const settings = trustSettings({ url: 'https://paas.example.com', caFile: '/etc/paas/ca.pem' }, '/opt/pa as/bin/paas')
  expect(settings.slice(0, 3)).toEqual([
    ['--replace-all', 'credential.https://paas.example.com.helper', ''],
    ['--add', 'credential.https://paas.example.com.helper', "!'/opt/pa as/bin/paas' git:credentials"],
    ['--replace-all', 'http.https://paas.example.com.sslCAInfo', '/etc/paas/ca.pem'],
  ])
  expect(settings.map(([, key]) => key)).toContain('credential.https://git.paas.example.com.helper')
})

it('keeps proxies out of the way to this machine', () => {
  expect(trustSettings({ url: 'http://localhost' }, '/opt/paas')).toContainEqual([
    '--replace-all',
    'http.http://localhost.proxy',
    '',
  ])
})
