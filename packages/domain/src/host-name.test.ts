import { describe, expect, it } from 'vitest'
import { MAX_LABELS, planLabels, refuseHostName, refuseLabel } from './host-name.ts'

describe('names of hosts', () => {
  it.each(['h2', 'eu-west-1', '00', 'a'.repeat(30)])('%s is one', (name) => {
    expect(refuseHostName(name)).toBeUndefined()
  })

  it.each(['', 'a', 'local', 'H2', '-h2', 'h2-', 'h_2', 'h.2', 'a'.repeat(31), 'h2\n', 'ho st'])('%j is none', (name) => {
    expect(refuseHostName(name)).toBeTruthy()
  })
})

describe('labels', () => {
  it.each([
    ['disk', 'ssd'],
    ['example.com/gpu', 'A100'],
    ['zone', 'eu-west-1a'],
  ])('%s=%s is one', (key, value) => {
    expect(refuseLabel(key, value)).toBeUndefined()
  })

  it.each([
    ['', 'x'],
    ['Disk', 'ssd'],
    ['disk', ''],
    ['disk', 'a b'],
    ['disk', '(x'],
    ['a'.repeat(64), 'x'],
  ])('%j=%j is none', (key, value) => {
    expect(refuseLabel(key, value)).toBeTruthy()
  })

  it('are set and removed, and the others stay', () => {
    expect(planLabels({ a: '1', b: '2' }, { b: null, c: '3', a: '0' })).toEqual({ kind: 'changed', labels: { a: '0', c: '3' } })
  })

  it('are refused all together when one is wrong, or when there are too many', () => {
    expect(planLabels({}, { a: '1', B: '2' })).toMatchObject({ kind: 'refused' })
    const many = Object.fromEntries(Array.from({ length: MAX_LABELS + 1 }, (_, i) => [`l${i}`, 'x']))
    expect(planLabels({}, many)).toMatchObject({ kind: 'refused' })
  })
})
