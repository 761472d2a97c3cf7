import type { ServerResponse } from 'node:http'
import { beforeEach, describe, expect, it } from 'vitest'
import { type FakePlatform, paas, refuse, startFakePlatform } from './fake-platform.ts'

let platform: FakePlatform
beforeEach(async () => {
  platform = await startFakePlatform()
})

const calls = () => platform.asked.map(({ call }) => call)
const run = (line: string, options = {}) => paas(line.split(' '), { platform, ...options })

describe('failures', () => {
  it("shows the API's message and hint", async () => {
    platform.answers['GET /apps/shop'] = (_: unknown, response: ServerResponse) =>
      refuse(response, 404, 'not_found', 'No app named shop.', 'See `paas apps`.')
    expect(await run('info shop')).toEqual({
      status: 1,
      stdout: '',
      stderr: ' !     No app named shop.\n !     See `paas apps`.\n',
    })
  })

  it('says to log in when the token is refused, and when there is none', async () => {
    platform.answers['GET /account'] = (_: unknown, response: ServerResponse) =>
      refuse(response, 401, 'unauthorized', 'Invalid credentials provided.')
    expect((await run('whoami')).stderr).toContain('Run `paas login`')
    expect((await paas(['whoami'], { env: { PAAS_URL: platform.url } })).stderr).toContain('You are not logged in.')
  })

  it('says what to check when nothing listens', async () => {
    await platform.stop()
    const { status, stderr } = await run('apps')
    expect(status).toBe(1)
    expect(stderr).toContain('(connection refused)')
    expect(stderr).toContain('Is the platform running?')
  })

  it('knows an address that is not a platform', async () => {
    platform.answers['GET /users/~/apps'] = (_: unknown, response: ServerResponse) => response.end('<html>')
    expect((await run('apps')).stderr).toContain('did not answer as a platform does')
  })

  it('repeats no change when the connection breaks', async () => {
    platform.answers['DELETE /apps/shop/dynos'] = (_: unknown, response: ServerResponse) => response.destroy()
    expect((await run('restart -a shop')).stderr).toContain('look before you repeat it')
    expect(calls()).toHaveLength(1)
  })
})
