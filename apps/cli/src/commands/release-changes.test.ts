import { describe, expect } from 'vitest'
import { it, release } from '../cli.fixture.ts'
import { refuse } from '../platform.fixture.ts'

describe('changes that make a release', () => {
  it('waits until the release is live, and says which it is', async ({ platform, run }) => {
    let reads = 0
    platform.answers = {
      'PATCH /apps/shop/config-vars': { FOO: 'a=b', OTHER: 'x' },
      'GET /apps/shop/releases': [release(12, { status: 'pending' })],
      'GET /apps/shop/releases/12': () => release(12, { status: ++reads < 3 ? 'pending' : 'succeeded' }),
    }
    const { status, stdout, stderr } = await run('config:set FOO=a=b -a shop')
    expect({ status, stderr, stdout }).toEqual({
      status: 0,
      stderr: 'Setting FOO and restarting shop... done, v12\n',
      stdout: 'FOO:  a=b\n',
    })
    expect(platform.asked[0]).toMatchObject({ body: { FOO: 'a=b' }, headers: { authorization: 'Bearer secret-token' } })
    expect(platform.asked[1]!.headers.range).toBe('version ..; max=1, order=desc')
    expect(reads).toBe(3)
  })

  it('fails with the reason when the release fails', async ({ platform, run }) => {
    platform.answers = {
      'PATCH /apps/shop/config-vars': {},
      'GET /apps/shop/releases': [release(12, { status: 'pending' })],
      'GET /apps/shop/releases/12': release(12, {
        status: 'failed',
        failure: { code: 'boot_failed', message: 'web.1 exited with status 1' },
      }),
    }
    const { status, stderr } = await run('config:unset FOO -a shop')
    expect(status).toBe(1)
    expect(stderr).toContain(
      'restarting shop... failed\n !     v12 failed: web.1 exited with status 1\n !     The release before it goes on',
    )
    expect(platform.asked[0]!.body).toEqual({ FOO: null })
  })

  it('returns at once with --no-wait', async ({ platform, run, calls }) => {
    platform.answers = { 'PATCH /apps/shop/config-vars': {}, 'GET /apps/shop/releases': [release(12, { status: 'pending' })] }
    expect((await run('config:set A=1 -a shop --no-wait')).status).toBe(0)
    expect(calls()).toHaveLength(2)
  })

  it('goes on waiting while the API is restarted', async ({ platform, run }) => {
    let reads = 0
    platform.answers = {
      'POST /apps/shop/releases': release(13, { status: 'pending' }),
      'GET /apps/shop/releases/11': release(11),
      'GET /apps/shop/releases/13': (_, response) => {
        reads += 1
        if (reads === 1) return response.destroy()
        return reads === 2 ? refuse(response, 503, 'unavailable', 'Starting.') : release(13)
      },
    }
    const { status, stderr } = await run('rollback v11 -a shop')
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'Rolling back shop to v11... done, v13\n' })
    expect(platform.asked.find(({ call }) => call === 'POST /apps/shop/releases')!.body).toEqual({ release: 'release-11' })
  })

  it('rolls back to the newest release before the current one that can run', async ({ platform, run }) => {
    platform.answers = {
      'GET /apps/shop/releases': [
        release(5, { status: 'failed', eligible_for_rollback: false }),
        release(4, { current: true }),
        release(3, { status: 'failed', eligible_for_rollback: false }),
        release(2),
      ],
      'POST /apps/shop/releases': release(6),
    }
    expect((await run('rollback -a shop')).stderr).toBe('Rolling back shop to v2... done, v6\n')
  })
})
