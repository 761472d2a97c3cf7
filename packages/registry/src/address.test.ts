import { expect, it } from 'vitest'
import { appOfRepository, registryAuthority, repositoryOf } from './address.ts'

const appId = '7edf5975-bc5d-4402-821a-83eee6499726'

it('listens on the first address of the link', () => {
  expect(registryAuthority({ linkSubnet: '10.127.0.0/16', registryPort: 5443 })).toBe('10.127.0.1:5443')
})

it('finds the app of a repository, and none for what is no app', () => {
  expect(appOfRepository(repositoryOf(appId))).toBe(appId)
  for (const other of ['base', `x${repositoryOf(appId)}`, 'app-../base', `${repositoryOf(appId)}/x`]) {
    expect(appOfRepository(other)).toBeUndefined()
  }
})
