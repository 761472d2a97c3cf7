// Asking for a command in a running dyno; carrying it out is the scheduler's.
import { createHash } from 'node:crypto'
import { MAX_EXECS } from '@paas/domain/exec'
import { expect } from 'vitest'
import { it as base } from './api.fixture.ts'

const it = base
  .extend(
    'dyno',
    ({ api, app, deploy }) =>
      async (number: number, change: { state?: 'up' | 'crashed'; hostId?: string } = {}) => {
        const { id: releaseId } = await deploy()
        return api.store.db.dyno.create({ data: { appId: app.id, releaseId, type: 'web', number, state: 'up', ...change } })
      },
  )
  .extend('exec', ({ send, path }) => (dyno: string, body: unknown = {}) => {
    return send('POST', `${path}/dynos/${dyno}/actions/exec`, body)
  })

it('gives out a secret of which the row keeps the hash, and says in the log who asked', async ({ api, app, dyno, exec }) => {
  const { id: dynoId } = await dyno(1)
  const { status, body } = await exec('web.1', { command: 'ls -l', env: { TERM: 'xterm', COLUMNS: 80 } })
  expect(status).toBe(201)
  expect(body).toMatchObject({ command: 'ls -l', app: { name: app.name }, dyno: { id: dynoId, name: 'web.1' } })
  const [, secret] = /^rendezvous:\/\/api\.paas\.test:5000\/([\w-]{43})$/.exec(body.attach_url)!
  const row = await api.store.db.exec.findUniqueOrThrow({ where: { id: body.id } })
  expect(row).toMatchObject({ dynoId, command: 'ls -l', tty: true, env: { TERM: 'xterm', COLUMNS: '80' }, startedAt: null })
  expect(Buffer.from(row.attachHash).equals(createHash('sha256').update(secret!).digest())).toBe(true)
  expect(api.lines.map(({ text }) => text)).toContain('Starting `ls -l` in web.1 by user me@example.com')
})

it('is a shell when no command is given, and has no terminal when none is wanted', async ({ api, dyno, exec }) => {
  await dyno(1)
  const { body } = await exec('web.1', { force_no_tty: true })
  expect(await api.store.db.exec.findUnique({ where: { id: body.id } })).toMatchObject({ command: null, tty: false })
})

it('names the dynos that are up to who names another', async ({ dyno, exec }) => {
  await dyno(1)
  await dyno(2)
  await dyno(3, { state: 'crashed' })
  expect((await exec('web.7')).body).toMatchObject({ id: 'not_found', hint: 'Up are: web.1, web.2' })
  expect((await exec('web.3')).body).toMatchObject({ id: 'invalid_params', message: 'web.3 has crashed.' })
})

it('refuses a dyno whose host does not answer', async ({ api, dyno, exec }) => {
  const host = { name: 'h2', engineUrl: 'tcp://192.0.2.7:2376', number: 2, condition: 'sick' as const }
  const { id: hostId } = await api.store.db.host.create({ data: host })
  await dyno(1, { hostId })
  const { status, body } = await exec('web.1')
  expect(status).toBe(422)
  expect(body).toMatchObject({ id: 'host_unreachable', message: 'The machine that web.1 runs on does not answer now.' })
  await api.store.db.dyno.deleteMany({ where: { hostId } })
  await api.store.db.host.delete({ where: { id: hostId } })
})

it(`has at most ${MAX_EXECS} at a time, of which those that nobody came to do not count`, async ({ api, dyno, exec }) => {
  await dyno(1)
  for (let made = 0; made < MAX_EXECS; made += 1) expect((await exec('web.1')).status).toBe(201)
  expect((await exec('web.1')).body).toMatchObject({ id: 'invalid_params', message: expect.stringContaining('at a time') })
  const [some] = await api.store.db.exec.findMany({ take: 1, orderBy: { createdAt: 'desc' } })
  await api.store.db.exec.update({ where: { id: some!.id }, data: { createdAt: new Date(Date.now() - 61_000) } })
  expect((await exec('web.1')).status).toBe(201)
})

it.for([{ command: '' }, { command: 'a\0b' }, { env: { 'A-B': '1' } }])('refuses %o', async (body, { dyno, exec }) => {
  await dyno(1)
  expect((await exec('web.1', body)).body).toMatchObject({ id: 'invalid_params' })
})
