import { describe, expect, it } from 'vitest'
import { formationForSlug, planFormation } from './formation.ts'

const web = { type: 'web', quantity: 2, size: 'Standard-1X' }
const worker = { type: 'worker', quantity: 0, size: 'Basic' }

describe('planFormation', () => {
  it.each([
    { title: 'a number', updates: [{ type: 'web', quantity: 5 }], got: [{ ...web, quantity: 5 }] },
    { title: 'a number in a string', updates: [{ type: 'web', quantity: '0' }], got: [{ ...web, quantity: 0 }] },
    { title: 'one more', updates: [{ type: 'web', quantity: '+1' }], got: [{ ...web, quantity: 3 }] },
    { title: 'one less', updates: [{ type: 'web', quantity: '-1' }], got: [{ ...web, quantity: 1 }] },
    { title: 'a size in any case', updates: [{ type: 'web', size: 'performance-m' }], got: [{ ...web, size: 'Performance-M' }] },
    {
      title: 'two updates of one type one after the other',
      updates: [
        { type: 'web', quantity: '+1' },
        { type: 'web', quantity: '+1' },
      ],
      got: [{ ...web, quantity: 4 }],
    },
  ])('takes $title', ({ updates, got }) => {
    expect(planFormation([web, worker], updates)).toEqual({ kind: 'changed', entries: got })
  })

  it.each([
    { title: 'less than none', updates: [{ type: 'web', quantity: '-3' }], says: '0 to 100' },
    { title: 'more than a hundred', updates: [{ type: 'web', quantity: 101 }], says: '0 to 100' },
    { title: 'a fraction', updates: [{ type: 'web', quantity: 1.5 }], says: '0 to 100' },
    { title: 'a word', updates: [{ type: 'web', quantity: 'many' }], says: '0 to 100' },
    { title: 'NaN', updates: [{ type: 'web', quantity: Number.NaN }], says: '0 to 100' },
    { title: 'an unknown type, naming the known', updates: [{ type: 'clock', quantity: 1 }], says: 'web, worker' },
    { title: '__proto__', updates: [{ type: '__proto__', quantity: 1 }], says: 'web, worker' },
    { title: 'an unknown size, naming the known', updates: [{ type: 'web', size: 'XXL' }], says: 'Standard-2X' },
    {
      title: 'all when one is wrong',
      updates: [
        { type: 'web', quantity: 1 },
        { type: 'worker', quantity: -1 },
      ],
      says: 'worker',
    },
  ])('refuses $title', ({ updates, says }) => {
    expect(planFormation([web, worker], updates)).toMatchObject({ kind: 'refused', message: expect.stringContaining(says) })
  })
})

describe('formationForSlug', () => {
  it('starts one web dyno with the first slug', () => {
    expect(formationForSlug([], ['web', 'worker'], [], 'Basic').add).toEqual([
      { type: 'web', quantity: 1, size: 'Basic' },
      { type: 'worker', quantity: 0, size: 'Basic' },
    ])
  })

  it('adds later types with no dyno and leaves the others alone', () => {
    expect(formationForSlug([web], ['web', 'clock'], ['web'], 'Basic')).toEqual({
      add: [{ type: 'clock', quantity: 0, size: 'Basic' }],
      remove: [],
    })
  })

  it('keeps a vanished type while the serving release still has it', () => {
    expect(formationForSlug([web, worker], ['web'], ['web', 'worker'], 'Basic').remove).toEqual([])
    expect(formationForSlug([web, worker], ['web'], ['web'], 'Basic').remove).toEqual(['worker'])
  })
})
