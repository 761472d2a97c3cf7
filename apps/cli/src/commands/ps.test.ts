import { describe, expect } from 'vitest'
import { it, release } from '../cli.fixture.ts'
import type { Dyno, Formation } from '../objects.ts'

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

  it('scales with what the API understands, and says what is wanted now', async ({ platform, run }) => {
    platform.answers = { 'PATCH /apps/shop/formation': [web(3)] }
    const { stderr } = await run('scale web=3:Standard-1X -a shop')
    expect(stderr).toBe('Scaling web... done, now 3\n')
    expect(platform.asked[0]!.body).toEqual({ updates: [{ type: 'web', quantity: '3', size: 'Standard-1X' }] })
  })

  it('waits until every dyno is up on the newest release, and old ones are gone', async ({ platform, run }) => {
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

  it('waits for what is wanted in the end when somebody scales meanwhile', async ({ platform, run }) => {
    const wanted = [[web(1)], [web(2)]]
    const states = [[], [dyno('web.1', 2)], [dyno('web.1', 2), dyno('web.2', 2)]]
    let asked = 0
    let reads = 0
    platform.answers = {
      'GET /apps/shop/formation': () => wanted[Math.min(asked++, 1)],
      'GET /apps/shop/releases': [release(2)],
      'GET /apps/shop/dynos': () => states[reads++],
    }
    expect((await run('ps:wait -a shop')).stderr).toBe('Waiting for all dynos on shop... done, 2 up\n')
  })

  it('names what is missing when it has waited long enough', async ({ platform, run }) => {
    platform.answers = {
      'GET /apps/shop/formation': [web(1)],
      'GET /apps/shop/releases': [release(2)],
      'GET /apps/shop/dynos': [{ ...dyno('web.1', 2, 'crashed'), reason: 'exited with status 1' }],
    }
    const { status, stderr } = await run('ps:wait -a shop --timeout 0.1')
    expect(status).toBe(1)
    expect(stderr).toContain('web has 0 of 1 up, web.1 crashed v2 (exited with status 1)')
  })

  it.for([
    { line: 'restart', call: 'DELETE /apps/shop/dynos' },
    { line: 'restart web.1', call: 'DELETE /apps/shop/dynos/web.1' },
    { line: 'restart web', call: 'DELETE /apps/shop/formations/web' },
    { line: 'ps:stop run.1', call: 'POST /apps/shop/dynos/run.1/actions/stop' },
    { line: 'ps:stop web', call: 'POST /apps/shop/formations/web/actions/stop' },
  ])('$line asks $call', async ({ line, call }, { platform, run, calls }) => {
    platform.answers = { [call]: {} }
    expect((await run(`${line} -a shop`)).status).toBe(0)
    expect(calls()).toEqual([call])
  })
})
