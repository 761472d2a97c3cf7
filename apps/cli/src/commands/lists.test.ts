import { describe, expect } from 'vitest'
import { it, release } from '../cli.fixture.ts'

describe('lists', () => {
  it('prints releases with what became of them', async ({ platform, run }) => {
    platform.answers['GET /apps/shop/releases'] = [
      release(9, { status: 'failed' }),
      release(10, { status: 'pending' }),
      release(8, { current: true }),
    ]
    expect((await run('releases -a shop')).stdout).toBe(
      [
        '=== shop Releases - Current: v8',
        'v10  Deploy 10 pending  ada@example.com  2026/01/02 10:00:00 +0000',
        'v9   Deploy 9 failed    ada@example.com  2026/01/02 10:00:00 +0000',
        'v8   Deploy 8           ada@example.com  2026/01/02 10:00:00 +0000',
        '',
      ].join('\n'),
    )
  })

  it('reads a list to its end', async ({ platform, run }) => {
    platform.answers['GET /users/~/apps'] = ({ headers }, response) => {
      if (headers.range) return [{ name: 'b' }]
      response.statusCode = 206
      response.setHeader('next-range', 'name b..; max=1')
      return [{ name: 'a' }]
    }
    expect((await run('apps')).stdout).toBe('=== Your Apps\na\nb\n')
  })

  it('prints the objects of the API with --json', async ({ platform, run }) => {
    platform.answers['GET /apps/shop/domains'] = [{ hostname: 'www.example.com', anything: 'else' }]
    expect(JSON.parse((await run('domains -a shop --json')).stdout)).toEqual([{ hostname: 'www.example.com', anything: 'else' }])
  })

  it.for([
    { line: 'buildpacks:add b -a shop', before: ['a'], put: ['a', 'b'] },
    { line: 'buildpacks:add b -i 1 -a shop', before: ['a'], put: ['b', 'a'] },
    { line: 'buildpacks:set b -a shop', before: ['a', 'c'], put: ['b'] },
    { line: 'buildpacks:set b -i 2 -a shop', before: ['a', 'c'], put: ['a', 'b'] },
    { line: 'buildpacks:remove a -a shop', before: ['a', 'c'], put: ['c'] },
    { line: 'buildpacks:clear -a shop', before: ['a'], put: [] },
  ])('$line makes of $before $put', async ({ line, before, put }, { platform, run }) => {
    const installed = (urls: string[]) => urls.map((url, ordinal) => ({ ordinal, buildpack: { url } }))
    const address = '/apps/shop/buildpack-installations'
    platform.answers = { [`GET ${address}`]: installed(before), [`PUT ${address}`]: installed(put) }
    expect((await run(line)).status).toBe(0)
    expect(platform.asked.at(-1)!.body).toEqual({ updates: put.map((buildpack) => ({ buildpack })) })
  })
})
