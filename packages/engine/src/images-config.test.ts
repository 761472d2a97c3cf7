import { describe, expect, it } from 'vitest'
import { imageConfig, mergeConfig } from './images-config.ts'

describe('mergeConfig', () => {
  it('merges Env and Labels key by key and replaces the rest', () => {
    const parent = {
      Env: ['PATH=/bin', 'A=1=2'],
      Labels: { kept: '1', changed: '1' },
      User: '20000',
      Cmd: null,
      WorkingDir: '/app',
    }
    expect(mergeConfig(parent, { Env: { PATH: '/usr/bin' }, Labels: { changed: '2' }, WorkingDir: '/' })).toEqual({
      Env: ['A=1=2', 'PATH=/usr/bin'],
      Labels: { kept: '1', changed: '2' },
      User: '20000',
      WorkingDir: '/',
    })
  })
})

describe('imageConfig', () => {
  it('is the same text in whatever order it was asked for', () => {
    const one = imageConfig(mergeConfig({}, { Labels: { a: '1', b: '2' }, User: 'x', Env: { A: '1', B: '2' } }), 'amd64')
    const two = imageConfig(mergeConfig({}, { Env: { B: '2', A: '1' }, User: 'x', Labels: { b: '2', a: '1' } }), 'amd64')
    expect(one(['sha256:1'])).toBe(two(['sha256:1']))
    expect(one(['sha256:1'])).not.toBe(one(['sha256:2']))
  })
})
