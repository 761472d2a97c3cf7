// Other credentials for an engine whose authority is not the platform's: what
// is tried, what is kept, and who may.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ensureLocalHost } from '@paas/store/hosts'
import { expect } from 'vitest'
import { it as base } from './api.fixture.ts'
import { makeTestAuthority } from './certificates.fixture.ts'

const put = (name: string) => `/hosts/${name}/credentials`
const it = base.extend('engine', async ({ api }, { onCleanup }) => {
  // Of another authority, as an admin has it: an engine's front, which asks for a client's certificate.
  const folder = mkdtempSync(path.join(tmpdir(), 'paas-other-'))
  const other = makeTestAuthority(folder)
  const { cert, key } = other.server('127.0.0.1')
  const server = createServer(
    { cert, key, ca: other.certificate(), requestCert: true, rejectUnauthorized: true },
    (request, response) =>
      response.end(request.url === '/version' ? JSON.stringify({ ApiVersion: '1.41', MinAPIVersion: '1.12' }) : 'OK'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const admin = await api.admin()
  const body = { name: 'h7', engine_url: `tcp://127.0.0.1:${port}`, credentials: other.client() }
  await api.call(admin, 'POST', '/hosts', { body })
  const sealed = async () => (await api.store.db.host.findUniqueOrThrow({ where: { name: 'h7' } })).credentials
  onCleanup(async () => {
    await api.store.db.host.delete({ where: { name: 'h7' } })
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    rmSync(folder, { recursive: true })
  })
  return { other, sealed, put: (credentials: object) => api.call(admin, 'PUT', put('h7'), { body: credentials }) }
})

it('other credentials take the place of those before once the engine has taken them', async ({ engine }) => {
  const before = await engine.sealed()
  const { status, body } = await engine.put(engine.other.client({ days: 20 }))
  expect([status, body.certificates?.client.renewed_by]).toEqual([200, 'admin'])
  expect(Date.parse(body.certificates.client.expires_at)).toBeLessThan(Date.now() + 21 * 86_400_000)
  expect(await engine.sealed()).not.toEqual(before)
})

it('credentials that the engine does not take change nothing', async ({ api, engine }) => {
  const before = await engine.sealed()
  const { ca } = engine.other.client()
  for (const [credentials, id] of [
    [{ ...api.authority.client(), ca }, 'host_unreachable'],
    [api.authority.client(), 'host_unreachable'],
    [engine.other.client({ days: -1 }), 'invalid_params'],
  ] as const) {
    const { status, body } = await engine.put(credentials)
    expect([status, body.id]).toEqual([422, id])
  }
  expect(await engine.sealed()).toEqual(before)
})

it('there are none for the platform’s own machine, nor from members', async ({ api, me }) => {
  await ensureLocalHost(api.store, 'unix:///var/run/docker.sock')
  const body = api.authority.client()
  const asked = async (person: typeof me) => (await api.call(person, 'PUT', put('local'), { body })).status
  expect([await asked(await api.admin()), await asked(me)]).toEqual([409, 404])
})
