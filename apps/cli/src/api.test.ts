import { describe, expect } from 'vitest'
import { it, paas } from './cli.fixture.ts'
import { refuse } from './platform.fixture.ts'

describe('failures', () => {
  it("shows the API's message and hint", async ({ platform, run }) => {
    platform.answers['GET /apps/shop'] = (_, response) =>
      refuse(response, 404, 'not_found', 'No app named shop.', 'See `paas apps`.')
    expect(await run('info shop')).toEqual({
      status: 1,
      stdout: '',
      stderr: ' !     No app named shop.\n !     See `paas apps`.\n',
    })
  })

  it('says to log in when the token is refused, and when there is none', async ({ platform, run }) => {
    platform.answers['GET /account'] = (_, response) => refuse(response, 401, 'unauthorized', 'Invalid credentials provided.')
    expect((await run('whoami')).stderr).toContain('Run `paas login`')
    expect((await paas(['whoami'], { env: { PAAS_URL: platform.url } })).stderr).toContain('You are not logged in.')
  })

  it('says what to check when nothing listens', async ({ platform, run }) => {
    await platform.stop()
    const { status, stderr } = await run('apps')
    expect(status).toBe(1)
    expect(stderr).toContain('(connection refused)')
    expect(stderr).toContain('Is the platform running?')
  })

  it('knows an address that is not a platform', async ({ platform, run }) => {
    platform.answers['GET /users/~/apps'] = (_, response) => response.end('<html>')
    expect((await run('apps')).stderr).toContain('did not answer as a platform does')
  })

  it('repeats no change when the connection breaks', async ({ platform, run, calls }) => {
    platform.answers['DELETE /apps/shop/dynos'] = (_, response) => response.destroy()
    expect((await run('restart -a shop')).stderr).toContain('look before you repeat it')
    expect(calls()).toHaveLength(1)
  })
})
