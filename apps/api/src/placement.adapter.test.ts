// Where an app's owner wants dynos, and why they are where they are.
import { describe, expect } from 'vitest'
import { it as base } from './api.fixture.ts'

const it = base.extend('place', ({ send, path }) => (body: unknown, type = 'web') => {
  return send('PATCH', `${path}/formation/${type}/place`, body)
})

describe('ps:place', () => {
  it('keeps what it is not told to change', async ({ deploy, place, get, path }) => {
    await deploy()
    expect((await get(`${path}/formation/web/place`)).body).toEqual({ type: 'web', on: {}, strategy: 'spread', singleton: false })
    await place({ on: { disk: 'ssd' } })
    await place({ singleton: true })
    expect((await place({ strategy: 'pack' })).body).toEqual({
      type: 'web',
      on: { disk: 'ssd' },
      strategy: 'pack',
      singleton: true,
    })
    expect((await place({ on: {} })).body.on).toEqual({})
  })

  it.for([
    { title: 'an unknown strategy', body: { strategy: 'random' } },
    { title: 'what is no label', body: { on: { 'Big Disk': 'yes' } } },
    { title: 'a label without a value', body: { on: { disk: '' } } },
  ])('refuses $title', async ({ body }, { deploy, place }) => {
    await deploy()
    expect((await place(body)).status).toBe(422)
  })

  it('knows the process types of the code only', async ({ deploy, place }) => {
    await deploy()
    expect((await place({ singleton: true }, 'nothing')).status).toBe(404)
  })

  it('says so in the log of the app', async ({ api, app, deploy, place, me }) => {
    await deploy()
    await place({ on: { disk: 'ssd' } })
    expect(api.lines.at(-1)!.text).toBe(`Place of web set to spread on disk=ssd by user ${me.email}`)
    expect(app.name).toBeTruthy()
  })
})

describe('ps:explain', () => {
  const waiting = 'waiting: no host has 512 MB free (largest free: 300 MB on secret-host)'

  it('tells members why, and no host', async ({ api, app, deploy, get, path }) => {
    const release = await deploy()
    const hostId = await makeHost(api.store.db, 'secret-host')
    const dyno = { appId: app.id, releaseId: release.id, type: 'web' }
    await api.store.db.dyno.createMany({
      data: [
        { ...dyno, number: 1, state: 'up', hostId },
        { ...dyno, number: 2, state: 'starting', reason: waiting },
      ],
    })
    const [placed, unplaced] = [await get(`${path}/dynos/web.1/explanation`), await get(`${path}/dynos/web.2/explanation`)]
    expect(placed.body).toMatchObject({ dyno: 'web.1', placed: true, host: null, hosts: [] })
    expect(placed.body.explanation).toEqual(['web dynos are spread over hosts: no other of this app on its host'])
    expect(unplaced.body).toMatchObject({
      placed: false,
      explanation: ['waiting: no host has 512 MB free (largest free: 300 MB)'],
    })
    expect((await get(`${path}/dynos/web.2`)).body.reason).toBe('waiting: no host has 512 MB free (largest free: 300 MB)')
    expect(JSON.stringify([placed.body, unplaced.body])).not.toContain('secret')
  })

  it('tells admins of every host', async ({ api, app, deploy, path }) => {
    const admin = await api.admin()
    const release = await deploy()
    const hostId = await makeHost(api.store.db, 'h2')
    await makeHost(api.store.db, 'h3', { cordoned: true })
    const dyno = { appId: app.id, releaseId: release.id, type: 'web' }
    await api.store.db.dyno.createMany({
      data: [
        { ...dyno, number: 1, state: 'up', hostId },
        { ...dyno, number: 2, state: 'starting', reason: waiting },
      ],
    })
    const { body } = await api.call(admin, 'GET', `${path}/dynos/web.1/explanation`)
    expect(body.host).toBe('h2')
    expect(body.hosts).toContainEqual({
      ...{ name: 'h3', verdict: 'filtered', against: ['is cordoned'], peers_on_host: 0, peers_in_zone: 0, memory_promised: 0 },
    })
    expect((await api.call(admin, 'GET', `${path}/dynos/web.2`)).body.reason).toBe(waiting)
  })
})

let number = 100
async function makeHost(db: { host: { create(args: object): PromiseLike<{ id: string }> } }, name: string, more: object = {}) {
  const data = { name, number: number++, engineUrl: `tcp://${name}:1`, condition: 'up', memoryMiB: 4096, cpus: 2, ...more }
  return (await db.host.create({ data })).id
}
