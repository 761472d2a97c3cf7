import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changedParts, explainMiss, keyFilePattern, keyText, steersInstall } from './deps-key.ts'

const parts = fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string({ maxLength: 5 }))

describe('deps key', () => {
  it('does not depend on the order of collecting', () => {
    fc.assert(
      fc.property(parts, (some) => {
        expect(keyText(Object.fromEntries(Object.entries(some).reverse()))).toBe(keyText(some))
      }),
    )
  })

  it('names exactly the parts that changed', () => {
    expect(
      changedParts({ stack: '1', node: '22.1.0', old: 'x' }, { stack: '1', node: '22.2.0', 'package-lock.json': 'y' }),
    ).toEqual(['node', 'old', 'package-lock.json'])
    fc.assert(fc.property(parts, (some) => void expect(changedParts(some, { ...some })).toEqual([])))
  })

  it.each([
    { before: undefined, says: 'none of this app are kept yet' },
    { before: { a: '1' }, says: 'a changed' },
    { before: { a: '2' }, says: 'the kept ones are gone' },
  ])('explains a miss: $says', ({ before, says }) => {
    expect(explainMiss(before, { a: '2' })).toContain(says)
  })

  it('counts settings of package tools, not those of the app', () => {
    expect(['NPM_CONFIG_PRODUCTION', 'NODE_ENV', 'YARN_PRODUCTION', 'PIP_INDEX_URL'].every(steersInstall)).toBe(true)
    expect(['DATABASE_URL', 'NODE_OPTIONS_X', 'PORT'].some(steersInstall)).toBe(false)
  })

  it.each([
    { pattern: 'package.json', hits: ['package.json'], misses: ['a/package.json', 'packagexjson'] },
    { pattern: '**/package.json', hits: ['package.json', 'a/b/package.json'], misses: ['apackage.json'] },
    { pattern: 'patches/*', hits: ['patches/a.patch'], misses: ['patches/a/b', 'patches'] },
    { pattern: '.yarn/**', hits: ['.yarn/releases/yarn.cjs', '.yarn/x'], misses: ['.yarn', 'a/.yarn/x', 'xyarn/a'] },
    { pattern: 'requirements*.txt', hits: ['requirements.txt', 'requirements-dev.txt'], misses: ['x/requirements.txt'] },
  ])('matches files by $pattern', ({ pattern, hits, misses }) => {
    const test = keyFilePattern(pattern)
    expect(hits.filter((name) => !test.test(name))).toEqual([])
    expect(misses.filter((name) => test.test(name))).toEqual([])
  })
})
