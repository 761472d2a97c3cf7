import { expect, it } from 'vitest'
import { parseRange } from './ranges.ts'

const version = { order: 'asc', max: 200, from: undefined, exclusive: false }

it.each([
  ['', version],
  ['version ..; max=1, order=desc', { ...version, max: 1, order: 'desc' }],
  ['version ..; order=desc,max=1', { ...version, max: 1, order: 'desc' }],
  ['version ..; order=desc', { ...version, order: 'desc' }],
  ['id ..; max=1000;', { ...version, max: 1000 }],
  ['version ]12..; order=desc,max=5', { order: 'desc', max: 5, from: '12', exclusive: true }],
  ['version 3..9; max=7', { order: 'asc', max: 7, from: '3', exclusive: false }],
  ['version ..; max=0', { ...version, max: 1 }],
  ['version ..; max=999999', { ...version, max: 1000 }],
  ['version %..; max=3', { ...version, max: 3, from: '%' }],
  ['rubbish', version],
  ['version ..; max=-1; order=up', version],
])('reads %j', (header, range) => {
  expect(parseRange(header, 'version')).toEqual(range)
})
