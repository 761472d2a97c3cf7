import { expect, it } from 'vitest'
import { memoryLines } from './memory-quota.ts'

const MIB = 1024 * 1024

it('says nothing up to the quota, and how much above it', () => {
  expect(memoryLines(512 * MIB, 512)).toEqual([])
  expect(memoryLines(600 * MIB, 512)).toEqual(['Process running mem=600M(117.2%)', 'Error R14 (Memory quota exceeded)'])
})
