import { expect, it } from 'vitest'
import { covers } from './registry-trust.ts'

it.each([
  { noProxy: '', covered: false },
  { noProxy: 'localhost,.example.com', covered: false },
  { noProxy: '10.127.0.2', covered: false },
  { noProxy: 'localhost, 10.127.0.1', covered: true },
  { noProxy: '10.0.0.0/8', covered: true },
  { noProxy: '10.127.1.0/24', covered: false },
  { noProxy: '*', covered: true },
])('NO_PROXY=$noProxy keeps the registry from the proxy: $covered', ({ noProxy, covered }) => {
  expect(covers(noProxy, '10.127.0.1')).toBe(covered)
})
