import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configBytes, describeConfigChange, MAX_CONFIG_BYTES, planConfigChange } from './config-vars.ts'

describe('planConfigChange', () => {
  it.each([
    { title: 'a key with =', changes: { 'A=B': 'x' } },
    { title: 'a key with a newline', changes: { 'A\n': 'x' } },
    { title: 'a key that begins with a digit', changes: { '1A': 'x' } },
    { title: 'an empty key', changes: { '': 'x' } },
    { title: 'a key beyond ASCII', changes: { Ä: 'x' } },
    { title: 'a key of 129 characters', changes: { ['A'.repeat(129)]: 'x' } },
    { title: '__proto__', changes: JSON.parse('{"__proto__": "x"}') },
    { title: 'what the platform sets itself', changes: { PORT: '1' } },
    { title: 'a NUL in a value', changes: { A: 'a\0b' } },
    { title: 'half a surrogate pair', changes: { A: '\ud800' } },
    { title: 'a number', changes: { A: 1 } },
    { title: 'an object', changes: { A: {} } },
    { title: 'one byte too many', changes: { A: 'x'.repeat(MAX_CONFIG_BYTES) } },
  ])('refuses $title', ({ changes }) => {
    expect(planConfigChange({}, changes).kind).toBe('refused')
  })

  it.each([
    { title: 'newlines, quotes and unicode', value: 'a\n"b" $c `d` \\ é 🚀' },
    { title: 'the empty string', value: '' },
    { title: 'exactly 64 kB', value: 'x'.repeat(MAX_CONFIG_BYTES - 1) },
  ])('keeps $title as it is', ({ value }) => {
    expect(planConfigChange({}, { A: value })).toMatchObject({ kind: 'changed', vars: { A: value }, set: ['A'] })
  })

  it('takes HEROKU_ keys that the platform does not set', () => {
    expect(planConfigChange({}, { HEROKU_X: '1' }).kind).toBe('changed')
  })

  it('lets a set that is already too large shrink', () => {
    const current = { A: 'x'.repeat(MAX_CONFIG_BYTES), B: '1' }
    expect(planConfigChange(current, { B: null }).kind).toBe('changed')
  })

  it('finds no change in what is already so', () => {
    expect(planConfigChange({ A: '1' }, { A: '1', B: null })).toEqual({ kind: 'unchanged' })
  })

  it('never leaves more than the limit, and repeating it changes nothing', () => {
    const key = fc.stringMatching(/^[A-Z][A-Z0-9]{0,3}$/)
    fc.assert(
      fc.property(fc.dictionary(key, fc.option(fc.string({ unit: 'grapheme' }))), (changes) => {
        const result = planConfigChange({}, changes)
        if (result.kind !== 'changed') return
        expect(configBytes(result.vars)).toBeLessThanOrEqual(MAX_CONFIG_BYTES)
        expect(planConfigChange(result.vars, changes)).toEqual({ kind: 'unchanged' })
      }),
    )
  })
})

it.each([
  [{ set: ['A'], unset: [] }, 'Set A config var'],
  [{ set: ['A', 'B'], unset: [] }, 'Set A, B config vars'],
  [{ set: [], unset: ['A'] }, 'Remove A config var'],
  [{ set: ['A'], unset: ['B', 'C'] }, 'Set A config var and remove B, C config vars'],
])('describes %j', (change, text) => {
  expect(describeConfigChange(change)).toBe(text)
})
