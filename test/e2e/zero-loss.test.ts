// 100 requests a second to a two-dyno app, and no change to it may lose one.
import { createApp, type TestApp } from '@paas/testing/app'
import { type Load, startLoad } from '@paas/testing/load'
import { must } from '@paas/testing/platform'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'

const platform = inject('platform')
const PER_SECOND = 100

describe('under load', () => {
  let app: TestApp
  let load: Load

  beforeAll(async () => {
    app = await createApp(platform, 'express-and-worker', 'busy')
    await must(app.push())
    await must(app.paas(['scale', 'web=2']))
    await must(app.paas(['ps:wait'], { deadlineMs: 60_000 }))
  })
  afterAll(() => app.destroy())
  beforeEach(() => {
    load = startLoad({ port: platform.httpPort, host: `busy.${platform.domain}` }, PER_SECOND)
  })
  afterEach(async () => {
    const report = await load.stop()
    expect(report.failures).toEqual([])
    expect(report.sent).toBeGreaterThan(50)
  })

  it('ten deploys', async () => {
    for (let i = 1; i <= 10; i += 1) {
      app.write('version.txt', `deploy ${i}\n`)
      await app.commit()
      await must(app.push())
      expect((await app.get()).body).toContain(`deploy ${i}`)
    }
  })

  it('scale from 1 to 5 and back to 2', async () => {
    for (const quantity of [1, 5, 2]) {
      await must(app.paas(['scale', `web=${quantity}`]))
      await must(app.paas(['ps:wait'], { deadlineMs: 60_000 }))
    }
  })

  it('five config changes', async () => {
    for (let i = 1; i <= 5; i += 1) await must(app.paas(['config:set', `ROUND=${i}`]))
    expect((await app.get('/env')).body).toContain('"ROUND":"5"')
  })

  it('five rollbacks', async () => {
    for (let i = 1; i <= 5; i += 1) await must(app.paas(['rollback']))
  })

  it('a restart', async () => {
    await must(app.paas(['restart']))
    await must(app.paas(['ps:wait'], { deadlineMs: 60_000 }))
  })

  it('a deploy that crashes on boot', async () => {
    app.write('Procfile', 'web: node -e "process.exit(7)"\n')
    await app.commit()
    const push = await app.push()
    expect(push.code).not.toBe(0)
    expect(push.stderr).toMatch(/status 7/)
  })

  it('a deploy that never binds its port', async () => {
    app.write('Procfile', 'web: sleep 1000\n')
    await app.commit()
    const push = await app.push()
    expect(push.code).not.toBe(0)
    expect(push.stderr).toMatch(/R10|Boot timeout/)
  })
})
