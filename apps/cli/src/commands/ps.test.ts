import { beforeEach, describe, expect, it } from 'vitest'
import { type FakePlatform, paas, startFakePlatform } from '../fake-platform.ts'
import type { Dyno, Formation, Release } from '../objects.ts'

let platform: FakePlatform
beforeEach(async () => {
  platform = await startFakePlatform()
})

const calls = () => platform.asked.map(({ call }) => call)
const run = (line: string, options = {}) => paas(line.split(' '), { platform, ...options })
const release = (version: number, rest: Partial<Release> = {}): Release => ({
  id: `release-${version}`,
  version,
  status: 'succeeded',
  description: `Deploy ${version}`,
  created_at: '2026-01-02T10:00:00Z',
  user: { email: 'ada@example.com' },
  eligible_for_rollback: true,
  ...rest,
})

describe('dynos', () => {
  const web = (quantity: number): Formation => ({ type: 'web', quantity, size: 'Standard-1X', command: 'node server.js' })
  const dyno = (name: string, version: number, state = 'up'): Dyno => ({
    name,
    type: 'web',
    state,
    size: 'Standard-1X',
    command: 'node server.js',
    created_at: '2026-01-02T10:00:00Z',
    updated_at: '2026-01-02T10:00:00Z',
    release: { version },
  })

  it('scales with what the API understands, and says what is wanted now', async () => {
    platform.answers = { 'PATCH /apps/shop/formation': [web(3)] }
    const { stderr } = await run('scale web=3:Standard-1X -a shop')
    expect(stderr).toBe('Scaling web... done, now 3\n')
    expect(platform.asked[0]!.body).toEqual({ updates: [{ type: 'web', quantity: '3', size: 'Standard-1X' }] })
  })

  it('waits until every dyno is up on the newest release, and old ones are gone', async () => {
    const states = [
      [dyno('web.1', 1)],
      [dyno('web.1', 1), dyno('web.1', 2, 'starting')],
      [dyno('web.1', 2)],
      [dyno('web.1', 2), dyno('web.2', 2)],
    ]
    let reads = 0
    platform.answers = {
      'GET /apps/shop/formation': [web(2)],
      'GET /apps/shop/releases': [release(2)],
      'GET /apps/shop/dynos': () => states[reads++],
    }
    expect((await run('ps:wait -a shop')).stderr).toBe('Waiting for all dynos on shop... done, 2 up\n')
    expect(reads).toBe(4)
  })

  it('names what is missing when it has waited long enough', async () => {
    platform.answers = {
      'GET /apps/shop/formation': [web(1)],
      'GET /apps/shop/releases': [release(2)],
      'GET /apps/shop/dynos': [{ ...dyno('web.1', 2, 'crashed'), reason: 'exited with status 1' }],
    }
    const { status, stderr } = await run('ps:wait -a shop --timeout 0.1')
    expect(status).toBe(1)
    expect(stderr).toContain('web has 0 of 1 up, web.1 crashed v2 (exited with status 1)')
  })

  it.each([
    ['restart', 'DELETE /apps/shop/dynos'],
    ['restart web.1', 'DELETE /apps/shop/dynos/web.1'],
    ['restart web', 'DELETE /apps/shop/formations/web'],
    ['ps:stop run.1', 'POST /apps/shop/dynos/run.1/actions/stop'],
    ['ps:stop web', 'POST /apps/shop/formations/web/actions/stop'],
  ])('%s asks %s', async (line, call) => {
    platform.answers = { [call]: {} }
    expect((await run(`${line} -a shop`)).status).toBe(0)
    expect(calls()).toEqual([call])
  })
})
