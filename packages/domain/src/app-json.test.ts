import { describe, expect, it } from 'vitest'
import { parseAppJson } from './app-json.ts'

const health = (path: unknown, type = 'startup') => JSON.stringify({ healthchecks: { web: [{ type, path }] } })

describe('parseAppJson', () => {
  it.each([
    { title: 'an empty one', text: '{}', got: { buildpacks: [], healthPath: undefined } },
    { title: 'buildpacks by url', text: '{"buildpacks":[{"url":"heroku/nodejs"}]}', got: { buildpacks: ['heroku/nodejs'] } },
    { title: 'a health path', text: health('/up?x=1'), got: { healthPath: '/up?x=1' } },
    { title: 'no liveness check for a start', text: health('/alive', 'liveness'), got: { healthPath: undefined } },
    {
      title: 'checks of other kinds',
      text: '{"healthchecks":{"web":[{"type":"startup","command":["true"]}]}}',
      got: { healthPath: undefined },
    },
    { title: 'the rest of a manifest', text: '{"name":"x","env":{"A":1},"healthchecks":[]}', got: { healthPath: undefined } },
  ])('reads $title', ({ text, got }) => {
    expect(parseAppJson(text)).toMatchObject(got)
  })

  it.each(['', '{', '[]', 'null', '{"buildpacks":"x"}', '{"buildpacks":[{}]}', health('up'), health('/a b'), health(1)])(
    'refuses %s',
    (text) => {
      expect(() => parseAppJson(text)).toThrow(expect.objectContaining({ code: 'build_failed' }))
    },
  )
})
