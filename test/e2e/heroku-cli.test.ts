// Heroku's own CLI, unmodified, against our API: proves the API's shape.
import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { createApp, get, type TestApp } from '@paas/testing/app'
import { follow } from '@paas/testing/follow'
import { must } from '@paas/testing/platform'
import { type Ran, run } from '@paas/testing/run'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

const platform = inject('platform')
const heroku = inject('heroku')

describe("heroku's CLI", () => {
  let sample: TestApp
  let env: Record<string, string>
  const folder = mkdtempSync(path.join(platform.home, 'heroku-'))
  const cli = (...args: string[]): Promise<Ran> =>
    run(process.execPath, [heroku, ...args], { cwd: folder, env, deadlineMs: 120_000 })

  beforeAll(async () => {
    const config = JSON.parse((await must(run('cat', [path.join(platform.env['XDG_CONFIG_HOME']!, 'paas/config.json')]))).stdout)
    const api = `https://localhost:${platform.httpsPort}`
    const ca = path.join(platform.dataDir, 'tls/ca.pem')
    env = {
      ...platform.env,
      XDG_DATA_HOME: path.join(platform.home, 'heroku-data'),
      HEROKU_HOST: api,
      HEROKU_GIT_HOST: `localhost:${platform.httpsPort}`,
      HEROKU_API_KEY: config.token,
      HEROKU_PARTICLEBOARD_URL: api,
      HEROKU_SKIP_NEW_VERSION_CHECK: 'true',
      HEROKU_DISABLE_AUTOUPDATE: '1',
      DISABLE_TELEMETRY: 'true',
      NODE_EXTRA_CA_CERTS: ca,
      GIT_SSL_CAINFO: ca,
      // The CLI tells git to run `heroku git:credentials`.
      PATH: `${path.join(path.dirname(heroku), '../../.bin')}:${path.dirname(process.execPath)}:${platform.env['PATH']}`,
    }
    sample = await createApp(platform, 'express-and-worker', 'sample-of-heroku')
    await must(run('cp', ['-a', `${sample.folder}/.`, folder]))
    await must(run('git', ['remote', 'remove', 'paas'], { cwd: folder, env }))
  })
  afterAll(() => sample.destroy())

  it('auth:whoami', async () => {
    expect((await must(cli('auth:whoami'))).stdout.trim()).toBe('admin@localhost')
  })

  it('create', async () => {
    expect((await must(cli('create', 'hkshop'))).stdout).toContain('hkshop')
    expect((await run('git', ['remote', '-v'], { cwd: folder, env })).stdout).toContain('heroku')
  })

  it('git push heroku main', async () => {
    const push = await must(run('git', ['push', 'heroku', 'main'], { cwd: folder, env, deadlineMs: 170_000 }))
    expect(push.stderr).toMatch(/Released v2/)
    expect((await get(platform, 'hkshop.localhost')).status).toBe(200)
  })

  it('config:set', async () => {
    await must(cli('config:set', 'COLOUR=blue', '--app', 'hkshop'))
    expect((await must(cli('config:get', 'COLOUR', '--app', 'hkshop'))).stdout.trim()).toBe('blue')
  })

  it('ps', async () => {
    await until('v3 serves', async () => (await get(platform, 'hkshop.localhost', '/env')).body.includes('blue'))
    expect((await must(cli('ps', '--app', 'hkshop'))).stdout).toMatch(/web\.1: up/)
  })

  it('ps:scale', async () => {
    expect((await must(cli('ps:scale', 'web=2', '--app', 'hkshop'))).stderr).toMatch(/web at 2/)
    await until('two dynos', async () => /web\.2: up/.test((await cli('ps', '--app', 'hkshop')).stdout))
  })

  it('ps:restart', async () => {
    await must(cli('ps:restart', '--app', 'hkshop'))
  })

  it('logs', async () => {
    await until(
      'a router line',
      async () => /heroku\[router\]/.test((await must(cli('logs', '--num', '1500', '--app', 'hkshop'))).stdout),
      60_000,
    )
  })

  it('logs --tail', async () => {
    const tail = follow(process.execPath, [heroku, 'logs', '--tail', '--app', 'hkshop'], { cwd: folder, env })
    await tail.says('heroku[router]')
    await get(platform, 'hkshop.localhost', '/?marker=tailed')
    await tail.says('marker=tailed')
    await tail.interrupt()
  })

  it('run -x passes output and exit status on', async () => {
    const ran = await cli('run', '--exit-code', '--no-tty', '--app', 'hkshop', '--', 'echo from-a-dyno && (exit 7)')
    expect(ran.stdout).toContain('from-a-dyno')
    expect(ran.code).toBe(7)
  })

  it('run:detached', async () => {
    await must(cli('run:detached', '--app', 'hkshop', '--', 'echo from-a-detached-dyno'))
    await until(
      'its line in the log',
      async () => (await cli('logs', '--num', '1500', '--app', 'hkshop')).stdout.includes('from-a-detached-dyno'),
      60_000,
    )
  })

  it('releases', async () => {
    expect((await must(cli('releases', '--app', 'hkshop'))).stdout).toMatch(/v3/)
  })

  it('rollback', async () => {
    expect((await must(cli('rollback', '--app', 'hkshop'))).stderr).toMatch(/v4|v2/)
    await until('the old config', async () => !(await get(platform, 'hkshop.localhost', '/env')).body.includes('blue'))
  })

  it('domains:add', async () => {
    await must(cli('domains:add', 'www.hkshop.example', '--app', 'hkshop'))
    await until('the domain routes', async () => (await get(platform, 'www.hkshop.example')).status === 200)
  })

  it('maintenance:on', async () => {
    await must(cli('maintenance:on', '--app', 'hkshop'))
    await until('the maintenance page', async () => (await get(platform, 'hkshop.localhost')).status === 503)
    await must(cli('maintenance:off', '--app', 'hkshop'))
  })

  it('apps:info', async () => {
    expect((await must(cli('apps:info', '--app', 'hkshop'))).stdout).toMatch(/=== .*hkshop/)
  })

  it('apps:destroy', async () => {
    await must(cli('apps:destroy', '--app', 'hkshop', '--confirm', 'hkshop'))
    await until('the name is unknown', async () => (await get(platform, 'hkshop.localhost')).status === 404)
  })
})
