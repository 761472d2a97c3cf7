import { expect, it } from 'vitest'
import { backoffMs, crashesInRow, eraseBackoffMs, MAX_BACKOFF_MS, MAX_ERASE_BACKOFF_MS } from './backoff.ts'

it.each([
  [1, 0],
  [2, 1_000],
  [3, 2_000],
  [10, 256_000],
  [11, MAX_BACKOFF_MS],
  [5_000, MAX_BACKOFF_MS],
])('waits after crash %i for %i ms', (crashes, ms) => expect(backoffMs(crashes)).toBe(ms))

it('starts a dyno that exits after 2 s at most 12 times in ten minutes', () => {
  let starts = 0
  for (let atMs = 0; atMs < 600_000; atMs += 2_000 + backoffMs(starts)) starts += 1
  expect(starts).toBeLessThanOrEqual(12)
})

it('forgets crashes of a dyno that then ran for long', () => {
  expect(crashesInRow(7, MAX_BACKOFF_MS)).toBe(8)
  expect(crashesInRow(7, MAX_BACKOFF_MS + 1)).toBe(1)
})

it.each([
  [1, 1_000],
  [2, 2_000],
  [6, MAX_ERASE_BACKOFF_MS],
  [5_000, MAX_ERASE_BACKOFF_MS],
])('waits after failure %i to erase an app for %i ms', (failures, ms) => expect(eraseBackoffMs(failures)).toBe(ms))
