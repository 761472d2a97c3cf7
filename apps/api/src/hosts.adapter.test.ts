// Hosts as admins ask for them: what is added, refused, drained and removed,
// decided from real rows. The scheduler's part, joining, is played by the test.
import { ensureLocalHost } from '@paas/store/hosts'
import { describe, expect } from 'vitest'
import { it as base, type CallOptions, type TestApi } from './api.fixture.ts'

const URL = 'tcp://192.0.2.7:2376'

const it = base
  .extend('admin', { scope: 'file' }, async ({ api }) => {
    await ensureLocalHost(api.store, 'unix:///var/run/docker.sock')
    return api.admin()
  })
  .extend('ask', ({ api, admin }) => (method: string, path: string, body?: unknown) => {
    return api.call(admin, method, path, body === undefined ? {} : ({ body } satisfies CallOptions))
  })
  .extend('add', ({ api, ask }) => async (name: string, rest: object = {}) => {
    const engine_url = `tcp://${name}.example.com:2376`
    return ask('POST', '/hosts', { name, engine_url, credentials: api.authority.client(), ...rest })
  })
  /** A host that has joined, as the scheduler leaves it; it ends with the test. */
  .extend('host', async ({ api, add }, { onCleanup }) => {
    const made: string[] = []
    onCleanup(async () => {
      await api.store.db.dyno.updateMany({ data: { hostId: null } })
      await api.store.db.host.deleteMany({ where: { name: { in: made } } })
      await api.store.db.host.updateMany({ data: { cordoned: false, draining: false, memoryMiB: null } })
    })
    return async (name: string, { memoryMiB = 2048, ...more }: Record<string, unknown> & { memoryMiB?: number } = {}) => {
      made.push(name)
      await add(name)
      await api.store.db.host.update({ where: { name }, data: { condition: 'up', memoryMiB, cpus: 2, ...more } })
      return name
    }
  })

/** `web.1`, `web.2`, … of the app, running on this host. */
async function runOn(api: TestApi, app: { id: string }, release: { id: string }, host: string, count: number): Promise<void> {
  const { id: hostId } = await api.store.db.host.findUniqueOrThrow({ where: { name: host } })
  const number = await api.store.db.dyno.count({ where: { appId: app.id } })
  await api.store.db.dyno.createMany({
    data: Array.from({ length: count }, (_, at) => ({
      ...{ appId: app.id, releaseId: release.id, hostId, type: 'web', number: number + at + 1, state: 'up' as const },
    })),
  })
}

describe('the list', () => {
  it('begins with the platform’s own machine', async ({ ask, host }) => {
    await host('h2', {
      labels: { zone: 'b', disk: 'ssd' },
      diskFree: 5_000_000_000n,
      diskTotal: 10_000_000_000n,
      memoryUsedMiB: 700,
      cpusUsed: 0.5,
    })
    const { body } = await ask('GET', '/hosts')
    expect(body.map(({ name }: { name: string }) => name)).toEqual(['local', 'h2'])
    expect(body[1]).toMatchObject({
      ...{ local: false, state: 'up', condition: 'up', labels: { zone: 'b', disk: 'ssd' }, zone: 'b', dynos: 0 },
      ...{ memory: { wanted: 0, used: 700, total: 2048 }, cpus: { wanted: 0, used: 0.5, total: 2 } },
      ...{ disk: { free: 5_000_000_000, total: 10_000_000_000 }, engine_url: 'tcp://h2.example.com:2376' },
    })
    expect(Date.parse(body[1].certificates.client.expires_at)).toBeGreaterThan(Date.now())
    expect(Date.parse(body[0].authority_expires_at)).toBeGreaterThan(Date.now())
    expect(JSON.stringify(body)).not.toContain('BEGIN')
  })

  it('counts what was promised to dynos', async ({ api, ask, host, app, deploy }) => {
    await host('h2')
    await runOn(api, app, await deploy(), 'h2', 2)
    expect((await ask('GET', '/hosts/h2')).body).toMatchObject({ dynos: 2, memory: { wanted: 1024 }, cpus: { wanted: 1 } })
  })

  it('is not there for members, as no unknown path is', async ({ api, me }) => {
    const [hosts, nothing] = [await api.call(me, 'GET', '/hosts'), await api.call(me, 'GET', '/no-such-path')]
    expect([hosts.status, hosts.body]).toEqual([404, nothing.body])
  })
})

describe('adding', () => {
  it('writes a row that is joining, with the lowest free number, and keeps its secrets sealed', async ({ api, add, ask }) => {
    const { status, body } = await add('h2')
    expect([status, body.state, body.steps]).toEqual([201, 'joining', []])
    const row = await api.store.db.host.findUniqueOrThrow({ where: { name: 'h2' } })
    expect(row.number).toBe(2)
    expect(Buffer.from(row.credentials!).includes('PRIVATE KEY')).toBe(false)
    expect((await add('h3')).body.app_subnet).toBe('10.128.64.0/18')
    for (const name of ['h2', 'h3']) await api.store.db.host.delete({ where: { name } })
    expect((await ask('GET', '/hosts/h2')).status).toBe(404)
  })

  it('gives it the platform’s own certificate when none comes with it', async ({ api, add }) => {
    const { certificates } = (await add('h2', { credentials: undefined })).body
    expect(certificates).toMatchObject({ client: { renewed_by: 'platform', last_renewal: null }, server: null })
    await api.store.db.host.delete({ where: { name: 'h2' } })
  })

  it.for([
    { title: 'a name that is taken', rest: { name: 'h2' }, id: 'name_taken', says: 'There is a host named h2 already' },
    { title: 'the name local', rest: { name: 'local' }, id: 'name_taken', says: 'platform’s own machine' },
    { title: 'a bad name', rest: { name: 'Rack_1' }, id: 'invalid_params', says: 'Rack_1' },
    {
      title: 'an engine that is a host',
      rest: { engine_url: 'tcp://h2.example.com:2376' },
      id: 'conflict',
      says: 'is the host h2',
    },
    { title: 'an address without port', rest: { engine_url: 'tcp://192.0.2.7' }, id: 'invalid_params', says: 'not the address' },
    { title: 'another scheme', rest: { engine_url: 'http://192.0.2.7:2376' }, id: 'invalid_params', says: 'not the address' },
    { title: 'an address with a user', rest: { engine_url: 'tcp://u:p@h:2376' }, id: 'invalid_params', says: 'not the address' },
    { title: 'no address', rest: { engine_url: undefined }, id: 'invalid_params', says: 'engine_url' },
  ])('refuses $title', async ({ rest, id, says }, { host, add, ask }) => {
    await host('h2')
    const { status, body } = await add('h3', rest)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(body).toMatchObject({ id, message: expect.stringContaining(says) })
    expect((await ask('GET', '/hosts')).body).toHaveLength(2)
  })

  it.for([
    { title: 'an expired certificate', change: 'expired', says: 'cert.pem has expired' },
    { title: 'a key of another certificate', change: 'key', says: 'key.pem is not the key of cert.pem' },
    { title: 'a server’s certificate', change: 'server', says: 'cert.pem is not a client’s certificate' },
    { title: 'text that is no certificate', change: 'cert', says: 'cert.pem holds no certificate' },
    { title: 'text that is no authority', change: 'ca', says: 'ca.pem holds no certificate' },
    { title: 'text that is no key', change: 'nokey', says: 'key.pem holds no private key' },
  ])('refuses $title', async ({ change, says }, { api, add, ask }) => {
    const { client } = api.authority
    const credentials = {
      expired: () => client({ days: -1 }),
      server: () => client({ usage: 'serverAuth' }),
      key: () => ({ ...client(), key: client().key }),
      cert: () => ({ ...client(), cert: 'x' }),
      ca: () => ({ ...client(), ca: 'x' }),
      nokey: () => ({ ...client(), key: 'x' }),
    }[change]!()
    const { status, body } = await add('h2', { engine_url: URL, credentials })
    expect([status, body.id, body.message]).toEqual([422, 'invalid_params', expect.stringContaining(says)])
    expect((await ask('GET', '/hosts/h2')).status).toBe(404)
  })

  it('gives two that come at once numbers of their own', async ({ api, add }) => {
    const both = await Promise.all([add('h2'), add('h3')])
    expect(both.map(({ status }) => status)).toEqual([201, 201])
    const rows = await api.store.db.host.findMany({ where: { name: { in: ['h2', 'h3'] } }, select: { number: true } })
    expect(rows.map((row) => row.number).toSorted()).toEqual([2, 3])
    await api.store.db.host.deleteMany({ where: { local: false } })
  })

  it('takes the place of one that failed to join', async ({ api, host, add, ask }) => {
    await host('h2', { condition: 'failed', reason: 'engine too old' })
    const before = (await ask('GET', '/hosts/h2')).body
    const { status, body } = await add('h2')
    expect([status, body.state, body.reason]).toEqual([201, 'joining', null])
    expect(body.id).not.toBe(before.id)
    expect(await api.store.db.host.count()).toBe(2)
  })
})

describe('changing', () => {
  it('sets and removes labels, and leaves the others', async ({ host, ask }) => {
    await host('h2', { labels: { disk: 'hdd', zone: 'a' } })
    const { body } = await ask('PATCH', '/hosts/h2', { labels: { disk: 'ssd', zone: null, gpu: 'no' } })
    expect(body.labels).toEqual({ disk: 'ssd', gpu: 'no' })
    expect((await ask('PATCH', '/hosts/h2', { labels: { 'no label': 'x' } })).status).toBe(422)
  })

  it('cordons and uncordons', async ({ host, ask }) => {
    await host('h2')
    expect((await ask('PATCH', '/hosts/h2', { cordoned: true })).body.state).toBe('cordoned')
    expect((await ask('PATCH', '/hosts/h2', { cordoned: false })).body.state).toBe('up')
  })

  it('says that there is no such host', async ({ ask }) => {
    expect((await ask('PATCH', '/hosts/nowhere', { cordoned: true })).body).toMatchObject({
      id: 'not_found',
      message: 'No host named nowhere',
    })
  })
})

describe('draining', () => {
  it('begins when the other hosts have room', async ({ api, host, ask, app, deploy }) => {
    for (const name of ['h2', 'h3']) await host(name)
    await runOn(api, app, await deploy(), 'h2', 2)
    expect((await ask('PATCH', '/hosts/h2', { draining: true })).body).toMatchObject({ state: 'draining', draining: true })
    expect((await ask('PATCH', '/hosts/h2', { draining: false })).body.state).toBe('up')
  })

  it('is refused, naming who has nowhere to go', async ({ api, host, ask, app, deploy }) => {
    await api.store.db.host.update({ where: { name: 'local' }, data: { cordoned: true } })
    await host('h2')
    await host('h3', { memoryMiB: 600 })
    await runOn(api, app, await deploy(), 'h2', 2)
    const { status, body } = await ask('PATCH', '/hosts/h2', { draining: true })
    expect([status, body.id]).toEqual([409, 'conflict'])
    expect(body.message).toContain('1 of the dynos of h2 have nowhere to go')
    expect(body.message).toContain(`of ${app.name}: no other host has 512 MB free (largest free: 88 MB on h3)`)
    expect((await ask('GET', '/hosts/h2')).body.draining).toBe(false)
  })

  it('of the only host is refused, dynos or not', async ({ ask }) => {
    const { status, body } = await ask('PATCH', '/hosts/local', { draining: true })
    expect([status, body.message]).toEqual([409, expect.stringContaining('no other host takes new dynos')])
  })
})

describe('removing', () => {
  it('asks the scheduler to take leave of an empty host', async ({ api, host, ask }) => {
    await host('h2')
    const { status, body } = await ask('DELETE', '/hosts/h2')
    expect([status, body.state]).toEqual([202, 'removing'])
    expect((await api.store.db.host.findUniqueOrThrow({ where: { name: 'h2' } })).removeWanted).toBe(true)
  })

  it('is refused while dynos are on it', async ({ api, host, ask, app, deploy }) => {
    await host('h2')
    await runOn(api, app, await deploy(), 'h2', 1)
    expect((await ask('DELETE', '/hosts/h2')).body).toMatchObject({
      id: 'conflict',
      message: 'A dyno is on h2',
      hint: expect.stringContaining('hosts:drain h2'),
    })
    expect((await ask('DELETE', '/hosts/h2?force')).body.message).toBe('h2 is up, not lost')
  })

  it('is refused for the platform’s own machine, and for the last that takes dynos', async ({ api, host, ask }) => {
    await host('h2')
    expect((await ask('DELETE', '/hosts/local')).status).toBe(409)
    await api.store.db.host.update({ where: { name: 'local' }, data: { cordoned: true } })
    expect((await ask('DELETE', '/hosts/h2')).body.message).toBe('h2 is the last host that takes dynos')
  })

  it('forgets one that failed to join', async ({ host, ask }) => {
    await host('h2', { condition: 'failed' })
    expect((await ask('DELETE', '/hosts/h2')).status).toBe(202)
    expect((await ask('GET', '/hosts/h2')).status).toBe(404)
  })

  it('forgets a lost one with its dynos only by force', async ({ api, host, ask, app, deploy }) => {
    await host('h2', { condition: 'lost' })
    await runOn(api, app, await deploy(), 'h2', 2)
    expect((await ask('DELETE', '/hosts/h2')).body.hint).toContain('--force')
    expect((await ask('DELETE', '/hosts/h2?force')).status).toBe(202)
    expect(await api.store.db.dyno.count({ where: { appId: app.id, state: 'down', hostId: null } })).toBe(2)
    expect((await ask('GET', '/hosts/h2')).status).toBe(404)
  })
})

describe('rebalancing', () => {
  it('shows the moves first, and makes them by restarts', async ({ api, host, ask, app, deploy }) => {
    for (const name of ['h2', 'h3']) await host(name)
    await api.store.db.host.update({ where: { name: 'local' }, data: { cordoned: true } })
    await runOn(api, app, await deploy(), 'h2', 4)
    const wishes = () => api.store.db.dyno.count({ where: { appId: app.id, wish: 'restart' } })
    const { status, body } = await ask('POST', '/hosts/actions/rebalance', { plan: true })
    expect(status).toBe(200)
    expect(body).toHaveLength(2)
    expect(body[0]).toMatchObject({ app: app.name, dyno: expect.stringMatching(/^web\.\d$/), from: 'h2', to: 'h3' })
    expect(await wishes()).toBe(0)
    expect((await ask('POST', '/hosts/actions/rebalance', { plan: false })).body).toEqual(body)
    expect(await wishes()).toBe(2)
  })
})
