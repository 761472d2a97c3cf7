import { describe, expect } from 'vitest'
import { it } from '../cli.fixture.ts'

const AT = '/apps/shop/formation/web/place'
const setting = { type: 'web', on: { disk: 'ssd' }, strategy: 'spread', singleton: true }

describe('ps:place', () => {
  it('without flags shows what is set', async ({ platform, run }) => {
    platform.answers = { [`GET ${AT}`]: setting }
    expect((await run('ps:place web -a shop')).stdout).toBe('spread, on hosts with disk=ssd, singleton\n')
  })

  it.for([
    { line: '--on disk=ssd --on zone=a', body: { on: { disk: 'ssd', zone: 'a' } } },
    { line: '--anywhere', body: { on: {} } },
    { line: '--strategy pack', body: { strategy: 'pack' } },
    { line: '--singleton', body: { singleton: true } },
    { line: '--no-singleton', body: { singleton: false } },
  ])('$line asks for $body', async ({ line, body }, { platform, run }) => {
    platform.answers = { [`PATCH ${AT}`]: setting }
    const { stderr } = await run(`ps:place web ${line} -a shop`)
    expect(stderr).toBe('Placing web of shop... done, spread, on hosts with disk=ssd, singleton\n')
    expect(platform.asked[0]!.body).toEqual(body)
  })

  it.for([
    { line: '--on ssd', says: 'ssd is not KEY=VALUE' },
    { line: '--singleton --no-singleton', says: 'cannot be used together' },
    { line: '--on a=b --anywhere', says: 'cannot be used together' },
  ])('refuses $line', async ({ line, says }, { run }) => {
    expect(await run(`ps:place web ${line} -a shop`)).toMatchObject({ status: 1, stderr: expect.stringContaining(says) })
  })
})

describe('ps:explain', () => {
  it('tells an owner why, and an admin of every host too', async ({ platform, run }) => {
    const found = {
      dyno: 'web.1',
      state: 'up',
      placed: true,
      explanation: ['web dynos are spread over hosts'],
      host: null,
      hosts: [] as object[],
    }
    platform.answers = { 'GET /apps/shop/dynos/web.1/explanation': () => found }
    expect((await run('ps:explain web.1 -a shop')).stdout).toBe(
      '=== web.1 of shop: up, placed\nweb dynos are spread over hosts\n',
    )
    const h2 = { name: 'h2', verdict: 'chosen', against: [], peers_on_host: 0, memory_promised: 0.25 }
    const h3 = { ...h2, name: 'h3', verdict: 'filtered', against: ['is cordoned'] }
    Object.assign(found, { host: 'h2', hosts: [h2, h3] })
    expect((await run('ps:explain web.1 -a shop')).stdout.split('\n').slice(3, 5)).toEqual([
      'h2  chosen, here now  0 of its type, 25 % of the memory promised',
      'h3  filtered          is cordoned',
    ])
  })
})
