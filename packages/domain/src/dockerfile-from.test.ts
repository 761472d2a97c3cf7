import { expect, it } from 'vitest'
import { basesOf, localBase, replaceBases } from './dockerfile-from.ts'

const text =
  'FROM paas/node:22 AS build\nRUN true\nfrom --platform=linux/amd64 Build as two\nFROM scratch\n FROM paas/stack\r\n# FROM x\nCOPY FROM to\n'

it('finds the bases that are neither stages nor scratch', () => {
  expect(basesOf(text)).toEqual(['paas/node:22', 'paas/stack'])
})

it('replaces only what is asked for', () => {
  const replaced = replaceBases(text, new Map([['paas/node:22', 'p/runtime-node:22.1.0']]))
  expect(replaced).toBe(text.replace('paas/node:22', 'p/runtime-node:22.1.0'))
})

const copying = `ARG NODE=22
ARG BASE="paas/node:\${NODE}"
FROM \${BASE} AS build
ARG BASE=late
FROM $BASE
COPY --from=build /a /a
COPY --from=0 /b /b
COPY --chown=1:1 --from="other:1" /c /c
FROM $UNKNOWN
`

it('reads defaults of ARG and the images COPY takes files of', () => {
  expect(basesOf(copying)).toEqual(['paas/node:22', 'other:1', '$UNKNOWN'])
  const replaced = replaceBases(
    copying,
    new Map([
      ['paas/node:22', 'n'],
      ['other:1', 'o'],
    ]),
  )
  expect(replaced).toContain('FROM n AS build\nARG BASE=late\nFROM n\nCOPY --from=build')
  expect(replaced).toContain('COPY --chown=1:1 --from=o /c /c')
})

it('takes a name that hides on the next line for one that cannot be known', () => {
  expect(basesOf('FROM \\\nsecret/app')).toEqual(['\\'])
})

it.each([
  { name: 'paas/stack', got: { kind: 'stack' } },
  { name: 'paas/stack-build:latest', got: { kind: 'stack-build' } },
  { name: 'paas/node', got: { kind: 'node', range: undefined } },
  { name: 'paas/node:22.x', got: { kind: 'node', range: '22.x' } },
  { name: 'node:22', got: { kind: 'other' } },
])('reads $name', ({ name, got }) => {
  expect(localBase(name)).toEqual(got)
})
