import { expect, it } from 'vitest'
import { editDistance, suggest } from './suggest.ts'
import { commandNames } from './table.ts'

it.each([
  ['lgos', 'logs'],
  ['config:ste', 'config:set'],
  ['domain', 'domains'],
  ['buildpack:add', 'buildpacks:add'],
  ['frobnicate', undefined],
  ['x', undefined],
])('for %s suggests %s', (typed, near) => {
  expect(suggest(typed, commandNames)).toBe(near)
})

it.each([
  ['', 'abc', 3],
  ['abc', 'acb', 1],
  ['kitten', 'sitting', 3],
])('%s and %s are %i apart', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance)
})
