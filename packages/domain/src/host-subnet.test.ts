import { expect, it } from 'vitest'
import { appSubnetOf, linkAddressOf, maxHosts } from './host-subnet.ts'

it('gives every host its own addresses', () => {
  expect([1, 2, 255, 256].map((number) => linkAddressOf('10.127.0.0/16', number))).toEqual([
    '10.127.0.1',
    '10.127.0.2',
    '10.127.0.255',
    '10.127.1.0',
  ])
  expect([2, 3, 6, 257].map((number) => appSubnetOf('10.128.0.0/10', number))).toEqual([
    '10.128.0.0/18',
    '10.128.64.0/18',
    '10.129.0.0/18',
    '10.191.192.0/18',
  ])
})

it('says where the ranges end', () => {
  expect(maxHosts('10.128.0.0/10')).toBe(257)
  expect(() => appSubnetOf('10.128.0.0/10', 258)).toThrow('no range for host 258')
  expect(() => appSubnetOf('10.128.0.0/10', 1)).toThrow('no range for host 1')
  expect(() => linkAddressOf('10.127.0.0/24', 255)).toThrow('no address for host 255')
})
