// One ordered stream per app, and a flood that hurts nobody else.

import { createApp, type TestApp } from '@paas/testing/app'
import { follow } from '@paas/testing/follow'
import { must, ROOT } from '@paas/testing/platform'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

const platform = inject('platform')

describe('logs', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await createApp(platform, 'express-and-worker', 'talker')
    await must(app.push())
  })
  afterAll(() => app.destroy())

  const logs = async (...args: string[]) => (await must(app.paas(['logs', ...args]))).stdout

  it('hold what the build, the platform, the router and the app said', async () => {
    await app.get('/?a=1')
    await until('all four kinds', async () => {
      const text = await logs('-n', '1500')
      return (
        /app\[build\]: -----> Node\.js app detected/.test(text) &&
        /heroku\[web\.1\]: State changed from starting to up/.test(text) &&
        /heroku\[router\]: at=info method=GET path="\/\?a=1" host=talker\.localhost.* status=200/.test(text) &&
        /app\[web\.1\]: /.test(text)
      )
    })
  })

  it('filter by dyno and by source', async () => {
    const lines = (await logs('-n', '100', '-p', 'web.1', '--source', 'app')).trim().split('\n')
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(line).toMatch(/ app\[web\.1\]: /)
  })

  it('follow live, and end with the one who follows', async () => {
    const tail = follow(`${ROOT}/bin/paas`, ['logs', '-t', '-a', 'talker'], { env: platform.env })
    await tail.says('heroku[router]')
    await app.get('/?tailed=yes')
    await tail.says('tailed=yes', 5_000)
    expect(await tail.interrupt()).toBe(0)
  })

  it("another app's flood does not hold a quiet app's line back", async () => {
    const flood = await createApp(platform, 'floods-its-log', 'flooding')
    await must(flood.push())
    await must(flood.paas(['config:set', 'FLOOD_PER_SECOND=50000']))
    await until(
      'the flood',
      async () => (await must(flood.paas(['logs', '-n', '10', '--source', 'app']))).stdout.trim().split('\n').length === 10,
    )
    const sent = Date.now()
    await app.get('/?during=flood')
    await until('the quiet line', async () => (await logs('-n', '20')).includes('during=flood'), 10_000)
    expect(Date.now() - sent).toBeLessThan(10_000)
    expect((await flood.get()).status).toBe(200)
    await flood.destroy()
  })
})
