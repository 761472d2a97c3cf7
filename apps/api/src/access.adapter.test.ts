// Every route against everybody who has no right to it. The matrix is made
// from the routers themselves, so a new route is in it at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Person, startTestApi, type TestApi } from './api.fixture.ts'
import { createApi } from './app.ts'

let api: TestApi
let owner: Person
let stranger: Person
let app: { id: string; name: string }

beforeAll(async () => {
  api = await startTestApi()
  owner = await api.person('owner@example.com')
  stranger = await api.person('stranger@example.com')
  app = (await api.call(owner, 'POST', '/apps', { body: { name: 'shop' } })).body
  await api.result({ appId: app.id, buildId: await api.built(app.id, { web: 'node .' }) })
})
afterAll(() => api?.stop())

const routers = createApi({
  store: { key: Buffer.alloc(32) },
  settings: { apiRequestsPerHour: 1 },
  log: {},
} as unknown as Parameters<typeof createApi>[0]).routers
const routes = routers.guarded.stack.flatMap(({ methods, path }) =>
  methods.filter((m) => m !== 'HEAD').map((method) => ({ method, path: String(path) })),
)

/** Bodies that would be taken from the owner: the refusal must not come from the body's shape. */
const bodies: Record<string, unknown> = {
  'PATCH /apps/:app': { maintenance: true },
  'PATCH /apps/:app/config-vars': { A: '1' },
  'PATCH /apps/:app/formation': { updates: [{ type: 'web', quantity: 5 }] },
  'PATCH /apps/:app/formation/:type': { quantity: 5 },
  'POST /apps/:app/dynos': { command: 'env', attach: false },
  'POST /apps/:app/releases': { release: '1' },
  'POST /apps/:app/domains': { hostname: 'stolen.example.com' },
  'PUT /apps/:app/buildpack-installations': { updates: [] },
  'PATCH /apps/:app/formation/:type/place': { singleton: true },
  'POST /hosts': { name: 'h2', engine_url: 'tcp://192.0.2.7:2376' },
  'PATCH /hosts/:name': { cordoned: true },
  'POST /hosts/actions/rebalance': { plan: false },
  'POST /apps/:app/collaborators': { user: 'stranger@example.com' },
}
const fill = (path: string, name: string) =>
  path
    .replace(':app', name)
    .replace(':type', 'web')
    .replace(':dyno', 'web.1')
    .replace(':release', '1')
    .replace(/:\w+/g, '00000000-0000-4000-8000-000000000000')

it('has routes to go through', () => {
  expect(routes.length).toBeGreaterThan(50)
})

describe.each(routes)('$method $path', ({ method, path }) => {
  const body = bodies[`${method} ${path}`] ?? {}
  const options = method === 'GET' || method === 'DELETE' ? {} : { body }

  it('answers 401 to nobody and to a wrong token, with the same body', async () => {
    const anonymous = await api.call(undefined, method, fill(path, 'shop'), options)
    const wrong = await api.call({ ...owner, token: `${owner.token.slice(0, -2)}xx` }, method, fill(path, 'shop'), options)
    expect([anonymous.status, wrong.status]).toEqual([401, 401])
    expect(wrong.body).toEqual(anonymous.body)
  })

  if (path.startsWith('/hosts')) {
    it('is to anybody but an admin as if there were no such path', async () => {
      const hidden = await api.call(stranger, method, fill(path, 'shop'), options)
      const unknown = await api.call(stranger, method, '/no-such-path', options)
      expect([hidden.status, unknown.status]).toEqual([404, 404])
      expect(hidden.body).toEqual(unknown.body)
    })
  }

  if (path.includes(':app')) {
    it('answers a stranger as if the app did not exist', async () => {
      const missing = await api.call(stranger, method, fill(path, 'no-such-app'), options)
      const byName = await api.call(stranger, method, fill(path, app.name), options)
      const byId = await api.call(stranger, method, fill(path, app.id), options)
      expect([missing.status, byName.status, byId.status]).toEqual([404, 404, 404])
      // All that differs is the name the asker gave.
      const named = (answer: { body: unknown }, name: string) => JSON.stringify(answer.body).replace(name, 'NAME')
      expect(named(byName, app.name)).toBe(named(missing, 'no-such-app'))
      expect(named(byId, app.id)).toBe(named(missing, 'no-such-app'))
    })
  }
})

it('leaves the app as it was after all that', async () => {
  const { body } = await api.call(owner, 'GET', '/apps/shop')
  expect(body).toMatchObject({ name: 'shop', maintenance: false })
  expect((await api.call(owner, 'GET', '/apps/shop/config-vars')).body).toEqual({})
  expect((await api.call(owner, 'GET', '/apps/shop/domains')).body).toHaveLength(1)
})

it('shows an admin every app, and a stranger none', async () => {
  const admin = await api.admin()
  expect((await api.call(admin, 'GET', '/apps/shop')).status).toBe(200)
  expect((await api.call(admin, 'GET', '/apps')).body).toHaveLength(1)
  expect((await api.call(admin, 'GET', '/users/~/apps')).body).toEqual([])
  expect((await api.call(stranger, 'GET', '/apps')).body).toEqual([])
})

it('never shows one person’s tokens to another', async () => {
  const [{ id }] = (await api.call(owner, 'GET', '/oauth/authorizations')).body
  expect((await api.call(stranger, 'GET', `/oauth/authorizations/${id}`)).status).toBe(404)
  expect((await api.call(stranger, 'DELETE', `/oauth/authorizations/${id}`)).status).toBe(404)
  expect((await api.call(owner, 'GET', '/account')).status).toBe(200)
})
