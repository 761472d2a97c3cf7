// Wrong input gets a clear error and loses nothing.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createApp, get, type TestApp } from '@paas/testing/app'
import { must, ROOT } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

const platform = inject('platform')

describe('pushes', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await createApp(platform, undefined, 'wrong')
  })
  afterAll(() => app.destroy())

  const pushOf = async (files: Record<string, string>) => {
    await must(app.git('checkout', '--quiet', '--orphan', `try-${Math.random().toString(36).slice(2)}`))
    await app.git('rm', '-rqf', '.')
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(app.folder, file)), { recursive: true })
      writeFileSync(path.join(app.folder, file), content)
    }
    await app.commit()
    return app.git('push', '--force', 'paas', 'HEAD:main')
  }

  it.each([
    { title: 'no Procfile and no known language', files: { 'notes.md': 'hello' }, says: /Node\.js|Python/ },
    { title: 'an empty tree', files: {}, says: /empty|no files|nothing/i },
    {
      title: 'an invalid Procfile line, named',
      files: { 'package.json': '{"name":"x","version":"1.0.0"}', Procfile: 'web: node a.js\nthis is no process type\n' },
      says: /line 2|this is no process type/,
    },
  ])('$title', async ({ files, says }) => {
    const push = await pushOf(files)
    expect(push.code).not.toBe(0)
    expect(push.stderr).toMatch(says)
  })

  it.each(['Procfile', 'app.json'])('a symlinked %s that points outside', async (file) => {
    await must(app.git('checkout', '--quiet', '--orphan', `link-${file}`))
    await app.git('rm', '-rqf', '.')
    writeFileSync(path.join(app.folder, 'package.json'), '{"name":"x","version":"1.0.0"}')
    symlinkSync('/etc/passwd', path.join(app.folder, file))
    await app.commit()
    const push = await app.git('push', '--force', 'paas', 'HEAD:main')
    expect(push.code).not.toBe(0)
    expect(push.stderr).toMatch(/symlink|symbolic link/i)
    expect(push.stderr).not.toContain('root:')
  })

  it('an unknown app and a bad token are told alike, and nobody is asked for a password', async () => {
    const unknown = await app.git('push', `${platform.url}/nobody-has-this.git`, 'HEAD:main')
    expect(unknown.code).not.toBe(0)
    expect(unknown.stderr).toMatch(/not found|no app/i)
    const address = `http://x:wrong-token@localhost:${platform.httpPort}`
    const answers = await Promise.all(
      ['wrong', 'nobody-has-this'].map((name) =>
        app.git('-c', 'credential.helper=', 'push', `${address}/${name}.git`, 'HEAD:main'),
      ),
    )
    expect(answers.map(({ code }) => code !== 0)).toEqual([true, true])
    const [known, foreign] = answers.map(({ stderr }) => stderr.replaceAll(/nobody-has-this|wrong/g, 'NAME'))
    expect(known).toBe(foreign)
  })
})

describe('commands', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await createApp(platform, 'crashes-on-boot', 'commanded')
  })
  afterAll(() => app.destroy())

  it.each([
    { title: 'an unknown process type', args: ['scale', 'nosuch=1'], says: /nosuch/ },
    { title: 'a negative quantity', args: ['scale', 'web=-5'], says: /quantity|negative|web=-5|nosuch|process type/i },
    { title: 'an absurd quantity', args: ['scale', 'web=100000'], says: /100|process type/ },
    { title: 'a reserved name', args: ['create', 'api', '--no-remote'], says: /reserved|api/i },
    { title: 'an ill-formed name', args: ['create', '9_Bad', '--no-remote'], says: /name/i },
    { title: 'a taken name', args: ['create', 'commanded', '--no-remote'], says: /taken/i },
    { title: 'a config key that is none', args: ['config:set', 'A-B=1'], says: /A-B/ },
    { title: 'config vars over 64 kB', args: ['config:set', `BIG=${'x'.repeat(66_000)}`], says: /65536 bytes/ },
    { title: 'a domain of the platform', args: ['domains:add', 'other.localhost'], says: /localhost/ },
    { title: 'a command that is none', args: ['scael'], says: /scale/ },
  ])('$title', async ({ args, says }) => {
    const ran = await app.paas(args)
    expect(ran.code).not.toBe(0)
    expect(ran.stderr).toMatch(says)
  })

  it('a domain that another app has', async () => {
    const other = await createApp(platform, 'crashes-on-boot', 'neighbour')
    await must(other.paas(['domains:add', 'shared.example']))
    const ran = await app.paas(['domains:add', 'shared.example'])
    expect(ran.code).not.toBe(0)
    expect(ran.stderr).toMatch(/shared\.example/)
    await other.destroy()
  })

  it('an app that is not there', async () => {
    const ran = await app.paas(['ps', '-a', 'nobody-has-this'])
    expect(ran.code).not.toBe(0)
    expect(ran.stderr).toMatch(/nobody-has-this/)
  })
})

describe('set-up', () => {
  const up = (changes: Record<string, string>) => run(`${ROOT}/bin/up`, ['--detach'], { env: { ...platform.env, ...changes } })
  const elsewhere = { PAAS_RUN_DIR: path.join(platform.home, 'run2'), PAAS_DATA_DIR: path.join(platform.home, 'data2') }

  it('wrong settings, all together', async () => {
    const ran = await up({ PAAS_DOMAIN: 'not a host', PAAS_HTTP_PORT: 'eighty', PAAS_HTPS_PORT: '1' })
    expect(ran.code).toBe(1)
    for (const name of ['PAAS_DOMAIN', 'PAAS_HTTP_PORT', 'PAAS_HTPS_PORT']) expect(ran.stderr).toContain(name)
  })

  it('a port that is taken', async () => {
    const ran = await up({
      ...elsewhere,
      PAAS_HTTP_PORT: String(platform.httpPort),
      PAAS_HTTPS_PORT: '1',
      PAAS_RENDEZVOUS_PORT: '2',
    })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(new RegExp(`Port ${platform.httpPort} is taken`))
  })

  it('no Docker Engine', async () => {
    const ran = await up({ ...elsewhere, DOCKER_HOST: `unix://${platform.home}/no.sock` })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/Docker Engine cannot be reached/)
  })
})

it('an unknown host gets a page that says so', async () => {
  const answer = await get(platform, 'nobody-has-this.localhost')
  expect(answer.status).toBe(404)
  expect(answer.body).toMatch(/no such app/i)
})
