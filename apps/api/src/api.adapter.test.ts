import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PASSWORD, type Person, startTestApi, type TestApi } from './api.fixture.ts'

let api: TestApi
let me: Person
let app: { id: string; name: string }
let path: string

beforeAll(async () => {
  api = await startTestApi()
  me = await api.person('me@example.com')
})
afterAll(() => api?.stop())

beforeEach(async () => {
  app = (await api.call(me, 'POST', '/apps')).body
  path = `/apps/${app.name}`
})

const get = (target: string, headers = {}) => api.call(me, 'GET', target, { headers })
const send = (method: string, target: string, body: unknown = {}, headers = {}) => api.call(me, method, target, { body, headers })
const versions = async () => (await get(`${path}/releases`)).body.map((release: { version: number }) => release.version)
async function deploy(
  processTypes: Record<string, string | null> = { web: 'node .' },
  settle: 'succeeded' | 'failed' | 'pending' = 'succeeded',
) {
  await api.result({ appId: app.id, buildId: await api.built(app.id, processTypes) })
  const [release] = (await get(`${path}/releases`, { range: 'version ..; order=desc,max=1' })).body
  await api.store.db.release.update({ where: { id: release.id }, data: { status: settle } })
  return release as { id: string; version: number }
}

describe('apps', () => {
  it('come with a name, addresses by which the request came, and release v1', async () => {
    expect(app.name).toMatch(/^[a-z]+-[a-z]+-\d{5}$/)
    expect((await get(path)).body).toMatchObject({
      web_url: `https://${app.name}.paas.test:8443/`,
      git_url: `https://paas.test:8443/${app.name}.git`,
      owner: { email: me.email },
      repo_size: 0,
      slug_size: null,
      space: null,
      team: null,
    })
    expect((await get(`${path}/releases`)).body).toMatchObject([
      { version: 1, description: 'Initial release', status: 'succeeded', current: true },
    ])
  })

  it('follow the address of the request, whichever it was', async () => {
    const { body } = await get(path, { host: 'localhost:5001', 'x-forwarded-proto': 'http' })
    expect(body.git_url).toBe(`http://localhost:5001/${app.name}.git`)
  })

  it.each(['api', 'git', 'Shop', '1a', 'a', 'x'.repeat(31)])('are refused the name %s', async (name) => {
    expect(await send('POST', '/apps', { name })).toMatchObject({ status: 422, body: { id: 'invalid_params' } })
    expect((await send('PATCH', path, { name })).status).toBe(422)
  })

  it('keep a taken name from others, and free it at once when destroyed', async () => {
    expect(await send('POST', '/apps', { name: app.name })).toMatchObject({ status: 422, body: { id: 'name_taken' } })
    expect((await api.call(me, 'DELETE', path)).status).toBe(200)
    expect((await get(path)).status).toBe(404)
    expect((await get(`/apps/${app.id}`)).status).toBe(404)
    expect((await send('POST', '/apps', { name: app.name })).status).toBe(201)
  })

  it('answer under the new name and the id after a rename', async () => {
    const name = `new-${app.name.slice(0, 20)}`
    expect((await send('PATCH', path, { name })).body.name).toBe(name)
    expect((await get(path)).status).toBe(404)
    expect((await get(`/apps/${app.id}`)).body.name).toBe(name)
  })

  it('can be put into maintenance', async () => {
    expect((await send('PATCH', path, { maintenance: true })).body.maintenance).toBe(true)
    expect(api.lines.at(-1)).toMatchObject({ source: 'app', dyno: 'api', text: `Maintenance mode enabled by user ${me.email}` })
  })
})

describe('config vars', () => {
  it('change with a release each, come back exactly, and lie sealed in the database', async () => {
    const value = 'a\n"b" é 🚀 = $x'
    expect((await send('PATCH', `${path}/config-vars`, { A: value, B: '' })).body).toEqual({ A: value, B: '' })
    expect((await send('PATCH', `${path}/config-vars`, { B: null, C: '1' })).body).toEqual({ A: value, C: '1' })
    expect((await get(`${path}/config-vars`)).body).toEqual({ A: value, C: '1' })
    expect((await get(`${path}/releases`)).body.map((r: { description: string }) => r.description)).toEqual([
      'Initial release',
      'Set A, B config vars',
      'Set C config var and remove B config var',
    ])
    expect((await get(`${path}/releases/2/config-vars`)).body).toEqual({ A: value, B: '' })
    const rows = await api.store.db.configSet.findMany({ where: { appId: app.id } })
    expect(rows.some(({ sealed }) => Buffer.from(sealed).includes('🚀'))).toBe(false)
  })

  it('make no release when nothing changes', async () => {
    await send('PATCH', `${path}/config-vars`, { A: '1' })
    await send('PATCH', `${path}/config-vars`, { A: '1' })
    expect(await versions()).toEqual([1, 2])
  })

  it.each([{ 'A=B': '1' }, { A: 'x\0y' }, { PORT: '1' }, { A: 5 }, { A: 'x'.repeat(65_536) }, ['A']])(
    'refuse %j',
    async (changes) => {
      expect((await send('PATCH', `${path}/config-vars`, changes)).status).toBe(422)
      expect(await versions()).toEqual([1])
    },
  )

  it('lose no change of many at once, and leave no gap in the versions', async () => {
    const keys = Array.from({ length: 12 }, (_, i) => `K${i}`)
    await Promise.all(keys.map((key) => send('PATCH', `${path}/config-vars`, { [key]: key })))
    expect((await get(`${path}/config-vars`)).body).toEqual(Object.fromEntries(keys.sort().map((key) => [key, key])))
    expect(await versions()).toEqual(Array.from({ length: 13 }, (_, i) => i + 1))
  })
})

describe('releases', () => {
  it('are made of a build once, however often it is reported', async () => {
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

  it('are found by the releaser when the job was lost', async () => {
    const buildId = await api.built(app.id, { web: 'node .' })
    await expect.poll(async () => (await get(`${path}/builds/${buildId}`)).body.release, { timeout: 8_000 }).not.toBeNull()
  })

  it('go back to code and config vars together', async () => {
    const first = await deploy()
    await send('PATCH', `${path}/config-vars`, { A: '1' })
    const { status, body } = await send('POST', `${path}/releases`, { release: first.id })
    expect([status, body.version, body.description, body.status]).toEqual([201, 4, 'Rollback to v2', 'pending'])
    expect((await get(`${path}/config-vars`)).body).toEqual({})
  })

  it('are refused as a goal when they failed or have no code', async () => {
    const { id } = await deploy({ web: 'false' }, 'failed')
    expect((await send('POST', `${path}/releases`, { release: id })).status).toBe(422)
    expect((await send('POST', `${path}/releases`, { release: 'v1' })).status).toBe(422)
    expect((await send('POST', `${path}/releases`, { release: randomUUID() })).status).toBe(404)
  })

  it('ignore a failed one when the next starts', async () => {
    await deploy()
    await send('PATCH', `${path}/config-vars`, { BAD: '1' })
    await api.store.db.release.updateMany({ where: { appId: app.id, version: 3 }, data: { status: 'failed' } })
    expect((await get(`${path}/config-vars`)).body).toEqual({})
    expect((await send('PATCH', `${path}/config-vars`, { GOOD: '1' })).body).toEqual({ GOOD: '1' })
    expect(
      (await get(`${path}/releases`, { range: 'version ..; order=desc' })).body.map((r: { current: boolean }) => r.current),
    ).toEqual([false, false, true, false])
  })

  it('come in pages that a client can follow, in both orders', async () => {
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
  it('takes Heroku’s spellings', async () => {
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

  it('says what there is when it is asked for what there is not', async () => {
    await deploy()
    const unknown = await send('PATCH', `${path}/formation`, { updates: [{ type: 'clock', quantity: 1 }] })
    expect(unknown).toMatchObject({ status: 422, body: { message: expect.stringContaining('web') } })
    const size = await send('PATCH', `${path}/formation/web`, { size: 'huge' })
    expect(size).toMatchObject({ status: 422, body: { message: expect.stringContaining('Standard-2X') } })
    expect((await send('PATCH', `${path}/formation/web`, { quantity: '-5' })).status).toBe(422)
    expect((await send('PATCH', `${path}/formation/web`, { quantity: 101 })).status).toBe(422)
  })

  it('adds up changes that come at the same time', async () => {
    await deploy()
    await Promise.all(
      [1, 2, 3, 4, 5].map(() => send('PATCH', `${path}/formation`, { updates: [{ type: 'web', quantity: '+1' }] })),
    )
    expect((await get(`${path}/formation/web`)).body.quantity).toBe(6)
  })
})

describe('dynos', () => {
  const dyno = (data: object) =>
    api.store.db.dyno.create({
      data: { appId: app.id, releaseId: release.id, type: 'web', number: 1, command: 'node .', ...data } as never,
    })
  let release: { id: string; version: number }
  beforeEach(async () => {
    release = await deploy()
  })

  it('are listed once per name: the newest that is not leaving', async () => {
    await dyno({ state: 'up', createdAt: new Date(1000) })
    await dyno({ state: 'stopping', createdAt: new Date(2000) })
    await dyno({ number: 2, state: 'draining' })
    const { body } = await get(`${path}/dynos`)
    expect(body).toMatchObject([
      { name: 'web.1', state: 'up', release: { version: 2 }, command: 'node .' },
      { name: 'web.2', state: 'up' },
    ])
  })

  it('get wishes', async () => {
    const { id } = await dyno({ state: 'up' })
    expect((await api.call(me, 'DELETE', `${path}/dynos`)).status).toBe(202)
    expect((await api.store.db.dyno.findUnique({ where: { id } }))?.wish).toBe('restart')
    expect((await api.call(me, 'POST', `${path}/dynos/web.1/actions/stop`)).status).toBe(202)
    expect((await api.store.db.dyno.findUnique({ where: { id } }))?.wish).toBe('stop')
    expect((await api.call(me, 'DELETE', `${path}/formations/web`)).status).toBe(202)
    expect((await api.call(me, 'DELETE', `${path}/dynos/web.9`)).status).toBe(404)
  })

  it('run once, attached, behind a secret of which only the hash is kept', async () => {
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

  it('are refused without code, with an unknown size, or beyond the quota', async () => {
    const blank = (await send('POST', '/apps')).body
    expect((await send('POST', `/apps/${blank.name}/dynos`, { command: 'env' })).status).toBe(422)
    expect((await send('POST', `${path}/dynos`, { command: 'env', size: 'huge' })).status).toBe(422)
    for (let number = 1; number <= 50; number += 1) await dyno({ type: 'run', number })
    expect((await send('POST', `${path}/dynos`, { command: 'env' })).status).toBe(422)
  })
})

describe('domains', () => {
  it('are added in punycode, found by name and id, and taken once', async () => {
    const hostname = `bücher-${app.id}.example`
    const added = await send('POST', `${path}/domains`, { hostname, sni_endpoint: null })
    expect(added).toMatchObject({ status: 201, body: { kind: 'custom', status: 'none', cname: `${app.name}.paas.test` } })
    expect(added.body.hostname).toMatch(/^xn--/)
    expect(await send('POST', `${path}/domains`, { hostname })).toMatchObject({ status: 422, body: { id: 'domain_taken' } })
    expect((await get(`${path}/domains`)).body.map((d: { kind: string }) => d.kind).sort()).toEqual(['custom', 'heroku'])
    for (const ref of [added.body.hostname, encodeURIComponent(hostname), added.body.id]) {
      expect((await get(`${path}/domains/${ref}`)).body.id).toBe(added.body.id)
    }
    expect((await api.call(me, 'DELETE', `${path}/domains/${encodeURIComponent(hostname)}`)).status).toBe(200)
    expect((await send('POST', `${path}/domains`, { hostname })).status).toBe(201)
  })

  it.each(['*.example.com', 'paas.test', 'x.paas.test', '10.0.0.1', 'a b.com', 'x'])('refuse %s', async (hostname) => {
    expect((await send('POST', `${path}/domains`, { hostname })).status).toBe(422)
  })

  it('are free again when their app is destroyed', async () => {
    await send('POST', `${path}/domains`, { hostname: `d-${app.id}.example.com` })
    await api.call(me, 'DELETE', path)
    const other = (await send('POST', '/apps')).body
    expect((await send('POST', `/apps/${other.name}/domains`, { hostname: `d-${app.id}.example.com` })).status).toBe(201)
  })
})

describe('repeated writes', () => {
  it('have one effect and one answer, also when they come at the same time', async () => {
    const id = randomUUID()
    const tries = await Promise.all([1, 2, 3, 4, 5, 6].map(() => send('POST', '/apps', {}, { 'request-id': id })))
    expect(new Set(tries.map(({ body }) => body.id)).size).toBe(1)
    expect(tries.map(({ status }) => status)).toEqual(Array(6).fill(201))
  })

  it('are tried anew after a refusal, and are another’s own', async () => {
    const id = randomUUID()
    const name = `n${id.slice(0, 8)}`
    expect((await send('POST', '/apps', { name: 'api' }, { 'request-id': id })).status).toBe(422)
    expect((await send('POST', '/apps', { name }, { 'request-id': id })).status).toBe(201)
    const other = await api.person(`${name}@example.com`)
    expect((await api.call(other, 'POST', '/apps', { body: { name }, headers: { 'request-id': id } })).status).toBe(422)
  })
})

describe('streams', () => {
  it('send an app’s lines as events that go on where a client left off', async () => {
    await deploy()
    const { status, body } = await send('POST', `${path}/log-sessions`, { lines: 2, tail: false })
    expect(status).toBe(201)
    const url = new URL(body.logplex_url)
    expect(url.origin).toBe('https://api.paas.test:8443')
    const events = await api.call(undefined, 'GET', url.pathname, { headers: { accept: 'text/event-stream' } })
    expect(events.headers['content-type']).toBe('text/event-stream')
    const ids = [...events.body.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id)
    expect(events.body).toMatch(/^retry: 100\n\nid: \d+\ndata: \S+ app\[api\]: /)
    expect(ids).toHaveLength(2)
    const rest = await api.call(undefined, 'GET', url.pathname, {
      headers: { accept: 'text/event-stream', 'last-event-id': ids[0] ?? '' },
    })
    expect([...rest.body.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id)).toEqual([ids[1]])
    const plain = await api.call(undefined, 'GET', url.pathname, { headers: { accept: 'text/plain' } })
    expect(plain.body.trimEnd().split('\n')).toHaveLength(2)
  })

  it('open to nobody with a changed address, and not for an app that is gone', async () => {
    const url = new URL((await send('POST', `${path}/log-sessions`)).body.logplex_url)
    expect((await api.call(undefined, 'GET', `${url.pathname}x`)).status).toBe(404)
    expect((await api.call(undefined, 'GET', url.pathname.replace('/logs/', '/builds/'))).status).toBe(404)
    await api.call(me, 'DELETE', path)
    expect((await api.call(undefined, 'GET', url.pathname)).status).toBe(404)
  })
})

describe('tokens', () => {
  const basic = (user: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  })

  it('come as Bearer or as the password of any Basic header', async () => {
    for (const user of ['', 'heroku', '_', 'shop']) {
      expect((await api.call(undefined, 'GET', '/account', basic(user, me.token))).status).toBe(200)
    }
    expect((await api.call(undefined, 'GET', '/account', basic(me.email, PASSWORD))).status).toBe(401)
  })

  it('are made with e-mail and password, shown once, rotated and revoked', async () => {
    const made = await api.call(undefined, 'POST', '/oauth/authorizations', {
      ...basic(me.email, PASSWORD),
      body: { description: 'cli', expires_in: 60 },
    })
    expect(made.status).toBe(201)
    const { id, access_token } = made.body
    const holder = { ...me, token: access_token.token }
    expect((await api.call(holder, 'GET', `/oauth/authorizations/${id}`)).body.access_token.token).toBe(access_token.token)
    expect((await get(`/oauth/authorizations/${id}`)).body.access_token.token).toBe('**********')
    const rotated = (await send('POST', `/oauth/authorizations/${id}/actions/regenerate-tokens`)).body.access_token.token
    expect((await api.call(holder, 'GET', '/account')).status).toBe(401)
    expect((await api.call({ ...me, token: rotated }, 'GET', '/account')).status).toBe(200)
    await api.call(me, 'DELETE', `/oauth/authorizations/${id}`)
    expect((await api.call({ ...me, token: rotated }, 'GET', '/account')).status).toBe(401)
  })

  it('lock out who guesses passwords, and nobody else', async () => {
    const guess = () =>
      api.call(undefined, 'POST', '/oauth/authorizations', { ...basic('victim@example.com', 'wrong password'), body: {} })
    for (let tries = 0; tries < 10; tries += 1) expect((await guess()).status).toBe(401)
    expect((await guess()).status).toBe(429)
    expect((await get('/account')).status).toBe(200)
  })

  it('expire', async () => {
    const made = await send('POST', '/oauth/authorizations', { expires_in: 1 })
    await api.store.db.token.update({ where: { id: made.body.id }, data: { expiresAt: new Date() } })
    expect((await api.call({ ...me, token: made.body.access_token.token }, 'GET', '/account')).status).toBe(401)
  })
})

describe('what cannot be understood', () => {
  it.each([
    { title: 'no JSON', raw: '{"a"' },
    { title: '100,000 levels', raw: '['.repeat(100_000) },
    { title: '__proto__', raw: '{"__proto__":{"name":"x"}}' },
    { title: '2 MB', raw: JSON.stringify({ name: 'x'.repeat(2_000_000) }) },
    { title: 'a list', raw: '[1,2]' },
    { title: 'a string', raw: '"x"' },
    { title: 'NUL', raw: '{"name":"a\\u0000b"}' },
    { title: 'half a character', raw: '{"name":"\\ud800"}' },
    { title: 'a number as name', raw: '{"name":1e999}' },
  ])('gets a refusal: $title', async ({ raw }) => {
    for (const [method, target] of [
      ['POST', '/apps'],
      ['PATCH', path],
      ['POST', `${path}/domains`],
      ['POST', `${path}/dynos`],
      ['PATCH', `${path}/formation`],
      ['POST', `${path}/log-sessions`],
    ] as const) {
      const { status, body } = await api.call(me, method, target, { raw })
      // A list or a change without a word that matters may be taken as empty.
      expect(status, `${method} ${target}`).toBeLessThan(500)
      if (status >= 400) expect(body).toMatchObject({ id: expect.any(String), message: expect.any(String) })
    }
    expect((await get(path)).body).toMatchObject({ name: app.name, maintenance: false })
  })

  it.each(['%00', '%ff', '%', '..%2f..', "'%20or%201=1--", '%F0%9F%9A%80', 'a'.repeat(4000), '~', 'null', '__proto__'])(
    'gets a 404 for the app %s',
    async (name) => {
      for (const rest of ['', '/dynos', '/releases/1', '/config-vars'])
        expect((await get(`/apps/${name}${rest}`)).status).toBe(404)
      expect((await get(`${path}/releases/${name}`)).status).toBe(404)
      expect((await get(`${path}/dynos/${name}`)).status).toBe(404)
      expect((await get(`${path}/domains/${name}`)).status).toBe(404)
      expect((await get(`${path}/builds/${name}`)).status).toBe(404)
    },
  )

  it('gets 404 as JSON for an unknown path', async () => {
    const { status, body, headers } = await get('/no/such/thing')
    expect([status, body.id, headers['content-type']]).toEqual([404, 'not_found', 'application/json; charset=utf-8'])
  })
})

describe('the open endpoints', () => {
  it('show a page to a browser, and health to anybody', async () => {
    const page = await api.call(undefined, 'GET', '/', { headers: { accept: 'text/html,*/*' } })
    expect(page.body).toContain('<h1>')
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect((await api.call(undefined, 'GET', '/', { headers: { accept: '*/*' } })).body).toMatchObject({ name: 'paas' })
    expect((await api.call(undefined, 'GET', '/health')).body).toEqual({ status: 'ok' })
    expect((await api.call(undefined, 'GET', '/ca.pem')).status).toBe(404)
  })
})

it('refuses a token beyond its quota, and lets others pass', async () => {
  const small = await startTestApi({ apiRequestsPerHour: 3 })
  try {
    const [a, b] = [await small.person('a@example.com'), await small.person('b@example.com')]
    const answers = []
    for (let i = 0; i < 5; i += 1) answers.push(await small.call(a, 'GET', '/account'))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429])
    expect(answers[0]?.headers['ratelimit-remaining']).toBe('2')
    expect((await small.call(b, 'GET', '/account')).status).toBe(200)
  } finally {
    await small.stop()
  }
})

it('ends open tails cleanly when it stops, and releases a build within a moment', async () => {
  const other = await startTestApi()
  const owner = await other.person('a@example.com')
  const { id, name } = (await other.call(owner, 'POST', '/apps')).body
  const buildId = await other.built(id, { web: 'node .' })
  const started = performance.now()
  await other.result({ appId: id, buildId })
  expect(performance.now() - started).toBeLessThan(1_000) // 15 ms on a quiet machine
  const session = await other.call(owner, 'POST', `/apps/${name}/log-sessions`, { body: { tail: true } })
  const tail = other.call(undefined, 'GET', new URL(session.body.logplex_url).pathname, {
    headers: { accept: 'text/event-stream' },
  })
  const reading = other.call(owner, 'GET', '/account')
  expect((await reading).status).toBe(200)
  const stopping = performance.now()
  await other.stop()
  expect(performance.now() - stopping).toBeLessThan(4_000)
  expect((await tail).body).toContain('Release v2 created')
})
