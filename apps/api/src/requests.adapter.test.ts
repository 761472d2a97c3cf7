// What holds for every request, whatever it is about: who may ask and how
// often, what cannot be understood, repeated writes, and open streams.
import { randomUUID } from 'node:crypto'
import { describe, expect } from 'vitest'
import { it, PASSWORD, startTestApi } from './api.fixture.ts'

describe('repeated writes', () => {
  it('have one effect and one answer, also when they come at the same time', async ({ send }) => {
    const id = randomUUID()
    const tries = await Promise.all([1, 2, 3, 4, 5, 6].map(() => send('POST', '/apps', {}, { 'request-id': id })))
    expect(new Set(tries.map(({ body }) => body.id)).size).toBe(1)
    expect(tries.map(({ status }) => status)).toEqual(Array(6).fill(201))
  })

  it('are tried anew after a refusal, and are another’s own', async ({ api, send }) => {
    const id = randomUUID()
    const name = `n${id.slice(0, 8)}`
    expect((await send('POST', '/apps', { name: 'api' }, { 'request-id': id })).status).toBe(422)
    expect((await send('POST', '/apps', { name }, { 'request-id': id })).status).toBe(201)
    const other = await api.person(`${name}@example.com`)
    expect((await api.call(other, 'POST', '/apps', { body: { name }, headers: { 'request-id': id } })).status).toBe(422)
  })
})

describe('streams', () => {
  it('send an app’s lines as events that go on where a client left off', async ({ api, deploy, path, send }) => {
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

  it('open to nobody with a changed address, and not for an app that is gone', async ({ api, me, path, send }) => {
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

  it('come as Bearer or as the password of any Basic header', async ({ api, me }) => {
    for (const user of ['', 'heroku', '_', 'shop']) {
      expect((await api.call(undefined, 'GET', '/account', basic(user, me.token))).status).toBe(200)
    }
    expect((await api.call(undefined, 'GET', '/account', basic(me.email, PASSWORD))).status).toBe(401)
  })

  it('are made with e-mail and password, shown once, rotated and revoked', async ({ api, get, me, send }) => {
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

  it('lock out who guesses passwords, and nobody else', async ({ api, get }) => {
    const guess = () =>
      api.call(undefined, 'POST', '/oauth/authorizations', { ...basic('victim@example.com', 'wrong password'), body: {} })
    for (let tries = 0; tries < 10; tries += 1) expect((await guess()).status).toBe(401)
    expect((await guess()).status).toBe(429)
    expect((await get('/account')).status).toBe(200)
  })

  it('expire', async ({ api, me, send }) => {
    const made = await send('POST', '/oauth/authorizations', { expires_in: 1 })
    await api.store.db.token.update({ where: { id: made.body.id }, data: { expiresAt: new Date() } })
    expect((await api.call({ ...me, token: made.body.access_token.token }, 'GET', '/account')).status).toBe(401)
  })
})

describe('what cannot be understood', () => {
  it.for([
    { title: 'no JSON', raw: '{"a"' },
    { title: '100,000 levels', raw: '['.repeat(100_000) },
    { title: '__proto__', raw: '{"__proto__":{"name":"x"}}' },
    { title: '2 MB', raw: JSON.stringify({ name: 'x'.repeat(2_000_000) }) },
    { title: 'a list', raw: '[1,2]' },
    { title: 'a string', raw: '"x"' },
    { title: 'NUL', raw: '{"name":"a\\u0000b"}' },
    { title: 'half a character', raw: '{"name":"\\ud800"}' },
    { title: 'a number as name', raw: '{"name":1e999}' },
  ])('gets a refusal: $title', async ({ raw }, { api, app, get, me, path }) => {
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

  it.for(['%00', '%ff', '%', '..%2f..', "'%20or%201=1--", '%F0%9F%9A%80', 'a'.repeat(4000), '~', 'null', '__proto__'])(
    'gets a 404 for the app %s',
    async (name, { get, path }) => {
      for (const rest of ['', '/dynos', '/releases/1', '/config-vars'])
        expect((await get(`/apps/${name}${rest}`)).status).toBe(404)
      expect((await get(`${path}/releases/${name}`)).status).toBe(404)
      expect((await get(`${path}/dynos/${name}`)).status).toBe(404)
      expect((await get(`${path}/domains/${name}`)).status).toBe(404)
      expect((await get(`${path}/builds/${name}`)).status).toBe(404)
    },
  )

  it('gets 404 as JSON for an unknown path', async ({ get }) => {
    const { status, body, headers } = await get('/no/such/thing')
    expect([status, body.id, headers['content-type']]).toEqual([404, 'not_found', 'application/json; charset=utf-8'])
  })
})

describe('the open endpoints', () => {
  it('show a page to a browser, and health to anybody', async ({ api }) => {
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
