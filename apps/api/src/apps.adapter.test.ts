// An app, its config vars and its domains, as their owner changes them.
import { describe, expect } from 'vitest'
import { it } from './api.fixture.ts'

describe('apps', () => {
  it('come with a name, addresses by which the request came, and release v1', async ({ app, get, me, path }) => {
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

  it('follow the address of the request, whichever it was', async ({ app, get, path }) => {
    const { body } = await get(path, { host: 'localhost:5001', 'x-forwarded-proto': 'http' })
    expect(body.git_url).toBe(`http://localhost:5001/${app.name}.git`)
  })

  it.for(['api', 'git', 'Shop', '1a', 'a', 'x'.repeat(31)])('are refused the name %s', async (name, { path, send }) => {
    expect(await send('POST', '/apps', { name })).toMatchObject({ status: 422, body: { id: 'invalid_params' } })
    expect((await send('PATCH', path, { name })).status).toBe(422)
  })

  it('keep a taken name from others, and free it at once when destroyed', async ({ api, app, get, me, path, send }) => {
    expect(await send('POST', '/apps', { name: app.name })).toMatchObject({ status: 422, body: { id: 'name_taken' } })
    expect((await api.call(me, 'DELETE', path)).status).toBe(200)
    expect((await get(path)).status).toBe(404)
    expect((await get(`/apps/${app.id}`)).status).toBe(404)
    expect((await send('POST', '/apps', { name: app.name })).status).toBe(201)
  })

  it('answer under the new name and the id after a rename', async ({ app, get, path, send }) => {
    const name = `new-${app.name.slice(0, 20)}`
    expect((await send('PATCH', path, { name })).body.name).toBe(name)
    expect((await get(path)).status).toBe(404)
    expect((await get(`/apps/${app.id}`)).body.name).toBe(name)
  })

  it('can be put into maintenance', async ({ api, me, path, send }) => {
    expect((await send('PATCH', path, { maintenance: true })).body.maintenance).toBe(true)
    expect(api.lines.at(-1)).toMatchObject({ source: 'app', dyno: 'api', text: `Maintenance mode enabled by user ${me.email}` })
  })
})

describe('config vars', () => {
  it('change with a release each, come back exactly, and lie sealed in the database', async ({ api, app, get, path, send }) => {
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

  it('make no release when nothing changes', async ({ path, send, versions }) => {
    await send('PATCH', `${path}/config-vars`, { A: '1' })
    await send('PATCH', `${path}/config-vars`, { A: '1' })
    expect(await versions()).toEqual([1, 2])
  })

  it.for([{ 'A=B': '1' }, { A: 'x\0y' }, { PORT: '1' }, { A: 5 }, { A: 'x'.repeat(65_536) }, ['A']])(
    'refuse %j',
    async (changes, { path, send, versions }) => {
      expect((await send('PATCH', `${path}/config-vars`, changes)).status).toBe(422)
      expect(await versions()).toEqual([1])
    },
  )

  it('lose no change of many at once, and leave no gap in the versions', async ({ get, path, send, versions }) => {
    const keys = Array.from({ length: 12 }, (_, i) => `K${i}`)
    await Promise.all(keys.map((key) => send('PATCH', `${path}/config-vars`, { [key]: key })))
    expect((await get(`${path}/config-vars`)).body).toEqual(Object.fromEntries(keys.sort().map((key) => [key, key])))
    expect(await versions()).toEqual(Array.from({ length: 13 }, (_, i) => i + 1))
  })
})

describe('domains', () => {
  it('are added in punycode, found by name and id, and taken once', async ({ api, app, get, me, path, send }) => {
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

  it.for(['*.example.com', 'paas.test', 'x.paas.test', '10.0.0.1', 'a b.com', 'x'])(
    'refuse %s',
    async (hostname, { path, send }) => {
      expect((await send('POST', `${path}/domains`, { hostname })).status).toBe(422)
    },
  )

  it('are free again when their app is destroyed', async ({ api, app, me, path, send }) => {
    await send('POST', `${path}/domains`, { hostname: `d-${app.id}.example.com` })
    await api.call(me, 'DELETE', path)
    const other = (await send('POST', '/apps')).body
    expect((await send('POST', `/apps/${other.name}/domains`, { hostname: `d-${app.id}.example.com` })).status).toBe(201)
  })
})
