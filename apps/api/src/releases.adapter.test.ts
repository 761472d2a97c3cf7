// From a build's result to dynos: releases, the formation, and wishes for
// single dynos. No scheduler runs here; a test settles releases by itself.
import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { it } from './api.fixture.ts'

describe('releases', () => {
  it('are made of a build once, however often it is reported', async ({ api, app, get, path, versions }) => {
    const buildId = await api.built(app.id, { web: 'node .', worker: 'node w.js' }, '1a2b3c4d'.padEnd(40, '0'))
    await Promise.all([1, 2, 3].map(() => api.result({ appId: app.id, buildId })))
    expect((await get(`${path}/releases/v2`)).body).toMatchObject({
      description: 'Deploy 1a2b3c4d',
      status: 'pending',
      current: false,
    })
    expect(await versions()).toEqual([1, 2])
    const [build] = (await get(`${path}/builds`)).body
    expect(build).toMatchObject({ id: buildId, status: 'succeeded', source_blob: { version: '1a2b3c4d'.padEnd(40, '0') } })
    expect(build.release.id).toBe((await get(`${path}/releases/2`)).body.id)
    expect((await get(`${path}/formation`)).body).toMatchObject([
      { type: 'web', quantity: 1, command: 'node .' },
      { type: 'worker', quantity: 0 },
    ])
  })

  it('are found by the releaser when the job was lost', async ({ api, app, get, path }) => {
    const buildId = await api.built(app.id, { web: 'node .' })
    await expect.poll(async () => (await get(`${path}/builds/${buildId}`)).body.release, { timeout: 8_000 }).not.toBeNull()
  })

  it('go back to code and config vars together', async ({ deploy, get, path, send }) => {
    const first = await deploy()
    await send('PATCH', `${path}/config-vars`, { A: '1' })
    const { status, body } = await send('POST', `${path}/releases`, { release: first.id })
    expect([status, body.version, body.description, body.status]).toEqual([201, 4, 'Rollback to v2', 'pending'])
    expect((await get(`${path}/config-vars`)).body).toEqual({})
  })

  it('are refused as a goal when they failed or have no code', async ({ deploy, path, send }) => {
    const { id } = await deploy({ web: 'false' }, 'failed')
    expect((await send('POST', `${path}/releases`, { release: id })).status).toBe(422)
    expect((await send('POST', `${path}/releases`, { release: 'v1' })).status).toBe(422)
    expect((await send('POST', `${path}/releases`, { release: randomUUID() })).status).toBe(404)
  })

  it('ignore a failed one when the next starts', async ({ api, app, deploy, get, path, send }) => {
    await deploy()
    await send('PATCH', `${path}/config-vars`, { BAD: '1' })
    await api.store.db.release.updateMany({ where: { appId: app.id, version: 3 }, data: { status: 'failed' } })
    expect((await get(`${path}/config-vars`)).body).toEqual({})
    expect((await send('PATCH', `${path}/config-vars`, { GOOD: '1' })).body).toEqual({ GOOD: '1' })
    expect(
      (await get(`${path}/releases`, { range: 'version ..; order=desc' })).body.map((r: { current: boolean }) => r.current),
    ).toEqual([false, false, true, false])
  })

  it('come in pages that a client can follow, in both orders', async ({ get, path, send }) => {
    for (const key of ['A', 'B', 'C', 'D']) await send('PATCH', `${path}/config-vars`, { [key]: '1' })
    for (const [order, all] of [
      ['asc', [1, 2, 3, 4, 5]],
      ['desc', [5, 4, 3, 2, 1]],
    ] as const) {
      const seen: number[] = []
      for (let range: string | undefined = `version ..; max=2, order=${order}`; range; ) {
        const page = await get(`${path}/releases`, { range })
        expect(page.status).toBe(page.headers['next-range'] ? 206 : 200)
        seen.push(...page.body.map((r: { version: number }) => r.version))
        range = page.headers['next-range'] as string | undefined
      }
      expect(seen).toEqual(all)
    }
  })
})

describe('the formation', () => {
  it('takes Heroku’s spellings', async ({ api, deploy, me, path, send }) => {
    await deploy({ web: 'node .', worker: 'node w.js' })
    const updates = [
      { type: 'web', quantity: '+1' },
      { type: 'worker', quantity: 2, size: 'standard-2x' },
    ]
    const { body } = await send('PATCH', `${path}/formation`, { updates })
    expect(body).toMatchObject([
      { type: 'web', quantity: 2, size: 'Standard-1X' },
      { type: 'worker', quantity: 2, size: 'Standard-2X' },
    ])
    expect(api.lines.at(-1)?.text).toBe(`Scaled to web@2:Standard-1X worker@2:Standard-2X by user ${me.email}`)
  })

  it('says what there is when it is asked for what there is not', async ({ deploy, path, send }) => {
    await deploy()
    const unknown = await send('PATCH', `${path}/formation`, { updates: [{ type: 'clock', quantity: 1 }] })
    expect(unknown).toMatchObject({ status: 422, body: { message: expect.stringContaining('web') } })
    const size = await send('PATCH', `${path}/formation/web`, { size: 'huge' })
    expect(size).toMatchObject({ status: 422, body: { message: expect.stringContaining('Standard-2X') } })
    expect((await send('PATCH', `${path}/formation/web`, { quantity: '-5' })).status).toBe(422)
    expect((await send('PATCH', `${path}/formation/web`, { quantity: 101 })).status).toBe(422)
  })

  it('adds up changes that come at the same time', async ({ deploy, get, path, send }) => {
    await deploy()
    await Promise.all(
      [1, 2, 3, 4, 5].map(() => send('PATCH', `${path}/formation`, { updates: [{ type: 'web', quantity: '+1' }] })),
    )
    expect((await get(`${path}/formation/web`)).body.quantity).toBe(6)
  })
})

describe('dynos', () => {
  const itReleased = it
    .extend('release', { auto: true }, ({ deploy }) => deploy())
    .extend('dyno', ({ api, app, release }) => {
      const usual = { appId: app.id, releaseId: release.id, type: 'web', number: 1, command: 'node .' }
      return (data: object) => api.store.db.dyno.create({ data: { ...usual, ...data } as never })
    })

  itReleased('are listed once per name: the newest that is not leaving', async ({ dyno, get, path }) => {
    await dyno({ state: 'up', createdAt: new Date(1000) })
    await dyno({ state: 'stopping', createdAt: new Date(2000) })
    await dyno({ number: 2, state: 'draining' })
    const { body } = await get(`${path}/dynos`)
    expect(body).toMatchObject([
      { name: 'web.1', state: 'up', release: { version: 2 }, command: 'node .' },
      { name: 'web.2', state: 'up' },
    ])
  })

  itReleased('get wishes', async ({ api, dyno, me, path }) => {
    const { id } = await dyno({ state: 'up' })
    expect((await api.call(me, 'DELETE', `${path}/dynos`)).status).toBe(202)
    expect((await api.store.db.dyno.findUnique({ where: { id } }))?.wish).toBe('restart')
    expect((await api.call(me, 'POST', `${path}/dynos/web.1/actions/stop`)).status).toBe(202)
    expect((await api.store.db.dyno.findUnique({ where: { id } }))?.wish).toBe('stop')
    expect((await api.call(me, 'DELETE', `${path}/formations/web`)).status).toBe(202)
    expect((await api.call(me, 'DELETE', `${path}/dynos/web.9`)).status).toBe(404)
  })

  itReleased('run once, attached, behind a secret of which only the hash is kept', async ({ api, path, send }) => {
    const { status, body } = await send('POST', `${path}/dynos`, {
      command: 'bash',
      attach: true,
      env: { TERM: 'xterm', COLUMNS: 80 },
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({ type: 'run', state: 'starting', size: 'Standard-1X', command: 'bash' })
    expect(body.attach_url).toMatch(/^rendezvous:\/\/api\.paas\.test:5000\/[\w-]{43}$/)
    const row = await api.store.db.dyno.findUniqueOrThrow({ where: { id: body.id } })
    expect(row).toMatchObject({ attach: true, tty: true, env: { TERM: 'xterm', COLUMNS: '80' } })
    const other = await send('POST', `${path}/dynos`, { command: 'web -v', attach: false })
    expect(other.body).toMatchObject({ attach_url: null, command: 'node . -v' })
    expect(other.body.name).not.toBe(body.name)
  })

  itReleased('are refused without code, with an unknown size, or beyond the quota', async ({ dyno, path, send }) => {
    const blank = (await send('POST', '/apps')).body
    expect((await send('POST', `/apps/${blank.name}/dynos`, { command: 'env' })).status).toBe(422)
    expect((await send('POST', `${path}/dynos`, { command: 'env', size: 'huge' })).status).toBe(422)
    for (let number = 1; number <= 50; number += 1) await dyno({ type: 'run', number })
    expect((await send('POST', `${path}/dynos`, { command: 'env' })).status).toBe(422)
  })
})
