// A push, as its developer sees it.
import { createApp, type TestApp } from '@paas/testing/app'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

const platform = inject('platform')

describe('an Express app with a worker', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await createApp(platform, 'express-and-worker', 'shop')
  })
  afterAll(() => app.destroy())

  it('is built, released and serves, and the push says so', async () => {
    const push = await app.push()
    expect(push.stderr).toMatch(/-----> Node\.js app detected/)
    expect(push.stderr).toMatch(/Released v2/)
    expect(push.stderr).toContain(`http://shop.localhost:${platform.httpPort}`)
    expect(push.code).toBe(0)
    expect((await app.get()).status).toBe(200)
  })

  it('serves a one-line change from the next version on', async () => {
    app.write('version.txt', 'second\n')
    await app.commit()
    const push = await app.push()
    expect(push.code, push.stderr).toBe(0)
    expect(push.stderr).toMatch(/Released v3/)
    expect((await app.get()).body).toContain('second')
  })

  it('builds nothing when nothing changed', async () => {
    const push = await app.push()
    expect(push.stderr).toContain('Everything up-to-date')
    expect(push.code).toBe(0)
  })

  it('stores another branch and says how to deploy it', async () => {
    await app.git('branch', 'feature')
    const push = await app.push('feature')
    expect(push.code, push.stderr).toBe(0)
    expect(push.stderr).toMatch(/git push paas feature:main/)
  })

  it('rejects a push whose build fails, with the reason, and the old version serves on', async () => {
    app.write('package.json', '{ not json')
    await app.commit()
    const push = await app.push()
    expect(push.code).not.toBe(0)
    expect(push.stderr).toMatch(/ ! {5}/)
    expect((await app.get()).body).toContain('second')
  })
})

describe.each([
  { sample: 'flask-gunicorn', name: 'flasky', detected: /Python app detected/ },
  { sample: 'static-site', name: 'pages', detected: /[Ss]tatic/ },
  { sample: 'dockerfile-on-stack', name: 'dockery', detected: /Dockerfile/ },
  { sample: 'websocket-echo', name: 'echoes', detected: /Node\.js app detected/ },
])('$sample', ({ sample, name, detected }) => {
  it('is built and serves', async () => {
    const app = await createApp(platform, sample, name)
    const push = await app.push()
    expect(push.stderr).toMatch(detected)
    expect(push.code, push.stderr).toBe(0)
    expect((await app.get()).status).toBe(200)
    await app.destroy()
  })
})
