import { expect, it } from 'vitest'
import { judgeDisk } from './disk-quota.ts'

const MIB = 1024 * 1024

it.each([0, MIB, 2048 * MIB])('says nothing of %i bytes', (bytes) => expect(judgeDisk(bytes, 2048)).toBeUndefined())

it('says how much was written, how much may be, and what to do', () => {
  const verdict = judgeDisk(2048 * MIB + 1, 2048)!
  expect(verdict.reason).toBe('disk quota exceeded: it had written 2049 MiB of files, more than 2048 MiB')
  expect(verdict.lines[0]).toContain('2049 MiB')
  expect(verdict.lines[1]).toContain('delete')
})
