// Real git against a receiver with a real Postgres.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { paths } from '@paas/contract/settings'
import { createLog } from '@paas/service/log'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { git, gitNow, type Harness, startHarness } from './harness.fixture.ts'
import { sweep } from './housekeeping.ts'

let harness: Harness
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness?.stop())

/** What the pusher read, without git's `remote: ` and trailing blanks. */
function remote(stderr: string): string {
  return [...stderr.matchAll(/^remote: (.*?)\s*$/gm)]
    .map(([, line]) => line)
    .join('\n')
    .trimEnd()
}

describe('a push to main', () => {
  it('streams the build, then says the release and the address', async () => {
    const id = await harness.createApp('shop')
    const repository = harness.createRepository('shop', { 'server.js': '1', 'bin/run': 'x' })
    const { status, stderr } = await git(repository, 'push', 'paas', 'main')
    expect(remote(stderr)).toBe(
      '-----> Node.js app detected\n-----> Launching...\n       Released v1\n       http://shop.example.test deployed',
    )
    expect(status).toBe(0)
    const [build] = await harness.store.db.build.findMany({ where: { appId: id } })
    expect(build).toMatchObject({
      status: 'succeeded',
      commit: gitNow(repository, 'rev-parse', 'HEAD').trim(),
      id: harness.jobs.at(-1),
    })
    expect(existsSync(`${paths.sources(harness.settings)}/${build?.id}.tar`)).toBe(true)
    expect(Number(build?.sourceBytes)).toBe(readFileSync(build?.sourcePath ?? '').length)
  })

  it('builds nothing when everything is up to date', async () => {
    await harness.createApp('same')
    const repository = harness.createRepository('same', { a: '1' })
    await git(repository, 'push', 'paas', 'main')
    const builds = harness.jobs.length
    const again = await git(repository, 'push', 'paas', 'main')
    expect([again.status, again.stderr.trim(), harness.jobs.length]).toEqual([0, 'Everything up-to-date', builds])
  })

  it('is rejected when the build fails, with the reason, and can be pushed again', async () => {
    await harness.createApp('broken')
    const repository = harness.createRepository('broken', { a: '1' })
    harness.script = () => ({ output: ['-----> Node.js app detected'], buildFailure: 'npm ci failed' })
    const failed = await git(repository, 'push', 'paas', 'main')
    expect(failed.status).toBe(1)
    expect(remote(failed.stderr)).toContain(' !     npm ci failed\n !     Push rejected: build failed.')
    expect(failed.stderr).toContain('(pre-receive hook declined)')
    harness.script = () => ({})
    expect((await git(repository, 'push', 'paas', 'main')).status).toBe(0)
  })

  it('is rejected when the release fails, with its last lines', async () => {
    await harness.createApp('crashing')
    const repository = harness.createRepository('crashing', { a: '1' })
    harness.script = () => ({ release: { status: 'failed', code: 'boot_failed', message: 'web.1 exited with 1\nError: no' } })
    const { status, stderr } = await git(repository, 'push', 'paas', 'main')
    harness.script = () => ({})
    expect(status).toBe(1)
    expect(remote(stderr)).toContain(' !     web.1 exited with 1\n !     Error: no')
    expect(remote(stderr)).toContain('paas logs -a crashing')
  })

  it('shows what its release command prints, and nothing twice when that fails', async () => {
    await harness.createApp('phased')
    const repository = harness.createRepository('phased', { a: '1' })
    const command = ['migrating', 'migrated']
    harness.script = () => ({ output: ['built'], command })
    const push = await git(repository, 'push', 'paas', 'main')
    expect(remote(push.stderr)).toBe(
      [
        ...['built', '-----> Running release command...', '       migrating', '       migrated', '-----> Launching...'],
        ...['       Released v1', '       http://phased.example.test deployed'],
      ].join('\n'),
    )
    harness.commit(repository, { a: '2' })
    const message = 'The release process of v2 exited with status 3\n    migrating\n    no such table'
    harness.script = () => ({
      command: ['migrating', 'no such table'],
      release: { status: 'failed', code: 'release_failed', message },
    })
    const failed = await git(repository, 'push', 'paas', 'main')
    harness.script = () => ({})
    const said = remote(failed.stderr).split('\n')
    expect(
      said.slice(
        0,
        said.findIndex((line) => line.includes('Push rejected')),
      ),
    ).toEqual([
      ...['-----> Running release command...', '       migrating', '       no such table'],
      ...[' !', ' !     The release process of v2 exited with status 3'],
    ])
  })

  it('takes one build at a time; of two pushes from one state the later one is refused before it is built', async () => {
    const id = await harness.createApp('raced')
    const one = harness.createRepository('raced', { a: '1' })
    const two = harness.createRepository('raced', { a: '2' })
    const go = Promise.withResolvers<void>()
    harness.script = () => ({ until: go.promise })
    const first = git(one, 'push', 'paas', 'main')
    await expect.poll(() => harness.store.db.build.count({ where: { appId: id } })).toBe(1)
    const second = git(two, 'push', 'paas', 'main')
    const objects = `${paths.repositories(harness.settings)}/${id}.git/objects`
    await expect.poll(() => readdirSync(objects).filter((name) => name.startsWith('tmp_objdir')).length).toBe(2)
    go.resolve()
    expect((await first).status).toBe(0)
    expect((await second).status).toBe(1)
    expect(remote((await second).stderr)).toContain('main has moved')
    expect(await harness.store.db.build.count({ where: { appId: id } })).toBe(1)
    harness.script = () => ({})
  })

  it('goes on when the client leaves, and the ref moves when the release is up', async () => {
    const id = await harness.createApp('left')
    const repository = harness.createRepository('left', { a: '1' })
    const go = Promise.withResolvers<void>()
    harness.script = () => ({ until: go.promise })
    const client = spawn('git', ['push', 'paas', 'main'], { cwd: repository, stdio: 'ignore', detached: true })
    await expect.poll(() => harness.store.db.build.count({ where: { appId: id } })).toBe(1)
    process.kill(-(client.pid ?? 0), 'SIGKILL')
    go.resolve()
    harness.script = () => ({})
    const refs = async () => (await git(repository, 'ls-remote', 'paas')).stdout
    await expect.poll(refs).toContain('refs/heads/main')
  })

  it('passes output with escape codes on as text, and every line of a flood', async () => {
    await harness.createApp('noisy')
    const repository = harness.createRepository('noisy', { a: '1' })
    const flood = Array.from({ length: 5000 }, (_, i) => `line ${i}`)
    harness.script = () => ({ output: ['\x1b]0;title\x07\x1b[2Jred \x1b[31mtext\x1b[0m', 'a\nb\r', ...flood] })
    const { status, stderr } = await git(repository, 'push', 'paas', 'main')
    harness.script = () => ({})
    expect(status).toBe(0)
    expect(remote(stderr).split('\n').slice(0, 2)).toEqual(['red \x1b[31mtext\x1b[0m', 'ab'])
    expect(
      remote(stderr)
        .split('\n')
        .filter((line) => line.startsWith('line ')),
    ).toEqual(flood)
  })

  it('is refused in a clean way when the receiver stops, and the build goes on', async () => {
    const id = await harness.createApp('restarted')
    const repository = harness.createRepository('restarted', { a: '1' })
    const go = Promise.withResolvers<void>()
    harness.script = () => ({ until: go.promise })
    const push = git(repository, 'push', 'paas', 'main')
    await expect.poll(() => harness.store.db.build.count({ where: { appId: id } })).toBe(1)
    await harness.restart()
    expect((await push).status).toBe(1)
    expect(remote((await push).stderr)).toContain('The build goes on')
    go.resolve()
    harness.script = () => ({})
    await expect.poll(async () => (await harness.store.db.build.findFirst({ where: { appId: id } }))?.status).toBe('succeeded')
  })
})

describe('other refs', () => {
  it.each([
    { title: 'another branch is kept', args: ['main:feature'], status: 0, says: 'git push paas feature:main' },
    { title: 'a tag is kept', args: ['main:refs/tags/v1'], status: 0, says: 'Tags are kept' },
    { title: 'main and master at once are refused', args: ['main', 'main:master'], status: 1, says: 'main and master' },
    { title: 'refs of other kinds are refused', args: ['main:refs/pull/1'], status: 1, says: 'Only branches' },
    { title: 'deleting another branch works', args: [':feature'], status: 0, says: 'feature deleted' },
  ])('$title', async ({ args, status, says }) => {
    if (!(await harness.store.db.app.findUnique({ where: { name: 'refs' } }))) await harness.createApp('refs')
    const repository = harness.createRepository('refs', { a: '1' })
    const builds = harness.jobs.length
    const run = await git(repository, 'push', '-f', 'paas', ...args)
    expect(remote(run.stderr)).toContain(says)
    expect([run.status, harness.jobs.length]).toEqual([status, builds])
  })

  it('main cannot be deleted, and an annotated tag is no branch', async () => {
    await harness.createApp('kept')
    const repository = harness.createRepository('kept', { a: '1' })
    gitNow(repository, 'tag', '-a', 'v1', '-m', 'x')
    const builds = harness.jobs.length
    expect((await git(repository, 'push', 'paas', 'main')).status).toBe(0)
    expect(remote((await git(repository, 'push', 'paas', ':main')).stderr)).toContain('cannot be deleted')
    expect((await git(repository, 'push', '-f', 'paas', 'v1:main')).status).toBe(1)
    expect(harness.jobs.length).toBe(builds + 1)
    expect((await git(repository, 'push', 'paas', 'v1^{}:refs/heads/master')).status).toBe(0)
  })

  it('what was pushed can be cloned again', async () => {
    const clone = `${harness.dir}/clone`
    expect((await git(harness.dir, 'clone', '-q', harness.url('kept'), clone)).status).toBe(0)
    expect(readFileSync(`${clone}/a`, 'utf8')).toBe('1')
  })
})

describe('who may push', () => {
  it('an unknown app and somebody else’s give one answer, which git prints', async () => {
    await harness.createApp('private')
    const repository = harness.createRepository('private', { a: '1' }, harness.strangerToken)
    gitNow(repository, 'remote', 'add', 'none', harness.url('nonesuch', harness.strangerToken))
    const foreign = await git(repository, 'push', 'paas', 'main')
    const unknown = await git(repository, 'push', 'none', 'main')
    expect(foreign.stderr).toContain('remote: There is no app private that you have access to.')
    expect(foreign.stderr.replaceAll('private', 'nonesuch')).toBe(unknown.stderr)
  })

  it('an admin may push to every app, by name or id, with or without .git', async () => {
    const id = await harness.createApp('anybodys')
    const repository = harness.createRepository(id, { a: '1' }, harness.adminToken)
    expect((await git(repository, 'push', 'paas', 'main')).status).toBe(0)
    expect((await git(repository, 'ls-remote', harness.url('anybodys').replace(/\.git$/, ''))).stdout).toContain(
      'refs/heads/main',
    )
  })

  it('a wrong token, an expired one and none are one 401', async () => {
    await harness.store.db.token.create({
      data: { userId: (await harness.store.db.user.findFirstOrThrow()).id, hash: Buffer.from('x'), expiresAt: new Date(0) },
    })
    const target = harness.url('shop').replace(/git:.*@/, '') + '/info/refs?service=git-receive-pack'
    for (const authorization of [undefined, 'Basic eDp5', `Basic ${btoa('x:PAAS-' + 'a'.repeat(43))}`]) {
      const answer = await fetch(target, { headers: authorization ? { authorization } : {} })
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="paas", charset="UTF-8"'])
    }
  })
})

it('the sweep removes what belongs to nothing, and keeps what is needed', async () => {
  const appId = await harness.createApp('swept')
  const needed = await harness.store.db.build.create({ data: { appId, commit: 'a'.repeat(40) }, select: { id: true } })
  const repositories = paths.repositories(harness.settings)
  const sources = paths.sources(harness.settings)
  const gone = [
    `${repositories}/${randomUUID()}.git`,
    `${repositories}/${appId}.git/objects/tmp_objdir-incoming-x`,
    `${repositories}/.draft-x`,
    `${sources}/${randomUUID()}.tar`,
    `${sources}/${needed.id}.tar.part`,
  ]
  const kept = [`${repositories}/${appId}.git/objects/pack`, `${sources}/${needed.id}.tar`]
  for (const folder of [...gone, ...kept]) mkdirSync(folder, { recursive: true })
  await sweep({ store: harness.store, log: createLog('test', 'silent'), settings: harness.settings }, 0)
  expect([...gone, ...kept].filter((file) => !existsSync(file))).toEqual([])
  await sweep({ store: harness.store, log: createLog('test', 'silent'), settings: harness.settings }, Date.now() + 60_000)
  expect([...gone, ...kept].filter((file) => existsSync(file))).toEqual(kept)
})
