// Every process of the platform may die at any moment, and Redis may forget
// everything, without a lost request, build or release.
import { spawn } from 'node:child_process'
import { readConfig } from '@paas/platform/config'
import { createApp, type TestApp } from '@paas/testing/app'
import { startLoad } from '@paas/testing/load'
import { must, ROOT } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

const platform = inject('platform')

interface Component {
  name: string
  state: string
  pids: number[]
}

async function components(): Promise<Component[]> {
  return JSON.parse((await run(`${ROOT}/bin/status`, ['--json'], { env: platform.env })).stdout).components
}

async function component(name: string): Promise<Component> {
  const found = (await components()).find((one) => one.name === name)
  if (!found) throw new Error(`no component ${name}`)
  return found
}

async function kill(name: string): Promise<void> {
  const [pid] = (await component(name)).pids
  process.kill(pid!, 'SIGKILL')
  await until(`${name} is up again`, async () => {
    const now = await component(name)
    return now.state === 'up' && now.pids[0] !== pid
  })
}

const healthy = () => until('the api answers', async () => (await fetch(`${platform.url}/health`)).status === 200)

describe('with an app under load', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await createApp(platform, 'express-and-worker', 'steady')
    await must(app.push())
    await must(app.paas(['scale', 'web=2']))
    await must(app.paas(['ps:wait'], { deadlineMs: 60_000 }))
  })
  afterAll(() => app.destroy())

  it.each(['platform', 'control', 'log-router', 'postgres', 'redis'])('kill -9 of %s loses no request', async (name) => {
    const load = startLoad({ port: platform.httpPort, host: 'steady.localhost' }, 100)
    await kill(name)
    await healthy()
    expect((await load.stop()).failures).toEqual([])
  })

  it.each(['router.1', 'router.2'])('kill -9 of %s loses at most the requests in flight in it', async (name) => {
    const load = startLoad({ port: platform.httpPort, host: 'steady.localhost' }, 100)
    await kill(name)
    // 100 a second at a few milliseconds each: one or two are in flight at any moment.
    expect((await load.stop()).failures.length).toBeLessThanOrEqual(3)
  })

  it('restarts no dyno when a scheduler takes over', async () => {
    const before = (await app.get('/pid')).body
    const created = async () =>
      (await must(run('docker', ['ps', '-q', '--filter', `name=^${platform.prefix}\\.steady\\.`]))).stdout.split('\n').toSorted()
    const containers = await created()
    await kill('control')
    await healthy()
    expect(before).not.toBe('')
    expect(await created()).toEqual(containers)
  })

  it('Redis flushed and restarted during a build and a deploy loses nothing and releases once', async () => {
    const before = await versions(app)
    app.write(
      'package.json',
      (await must(run('cat', ['package.json'], { cwd: app.folder }))).stdout.replace(
        '"scripts": {',
        '"scripts": {\n    "heroku-postbuild": "sleep 3",',
      ),
    )
    await app.commit()
    const push = app.push()
    await until('the build runs', async () => (await app.paas(['builds', '--json'])).stdout.includes('"pending"'))
    const socket = `${platform.runDir}/redis/redis.sock`
    await must(run('redis-cli', ['-s', socket, 'FLUSHALL']))
    await kill('redis')
    const pushed = await push
    expect(pushed.code, pushed.stderr).toBe(0)
    expect(await versions(app)).toEqual([...before, Math.max(...before) + 1])
  })

  it('Redis flushed and restarted during a deploy loses nothing and releases once', async () => {
    const before = await versions(app)
    const setting = app.paas(['config:set', 'DURING=a-flush'])
    await must(run('redis-cli', ['-s', `${platform.runDir}/redis/redis.sock`, 'FLUSHALL']))
    await kill('redis')
    const set = await setting
    expect(set.code, set.stderr).toBe(0)
    expect((await app.get('/env')).body).toContain('a-flush')
    expect(await versions(app)).toEqual([...before, Math.max(...before) + 1])
  })

  it('a build survives its worker: killed mid-build, it is done again and released once', async () => {
    const before = await versions(app)
    app.write('version.txt', 'after a killed worker\n')
    await app.commit()
    const push = app.push()
    await until('the build runs', async () => (await app.paas(['builds', '--json'])).stdout.includes('"pending"'))
    await kill('control')
    await push
    await until('the new version serves', async () => (await app.get()).body.includes('after a killed worker'), 90_000)
    expect(await versions(app)).toEqual([...before, Math.max(...before) + 1])
  })

  it('apps serve with the control plane down, also from a router that starts then', async () => {
    const [supervisor] = (await component('platform')).pids
    process.kill(supervisor!, 'SIGSTOP') // nobody starts them again
    try {
      for (const name of ['control', 'postgres', 'redis', 'log-router']) process.kill((await component(name)).pids[0]!, 'SIGKILL')
      expect((await app.get()).status).toBe(200)
      for (const name of ['router.1', 'router.2']) process.kill((await component(name)).pids[0]!, 'SIGKILL')
      const router = spawn(process.execPath, [`${ROOT}/apps/router/src/main.ts`], {
        env: { ...platform.env, PAAS_SETTINGS: JSON.stringify(readConfig(settingsOf(platform))) },
        stdio: 'ignore',
      })
      await until('the lone router serves', async () => (await app.get()).status === 200, 10_000)
      router.kill('SIGKILL')
    } finally {
      process.kill(supervisor!, 'SIGCONT')
    }
    await healthy()
    await until('everything is up', async () => (await components()).every(({ state }) => state === 'up'))
  })
})

/** Without the variables of the CLI, which are no settings. */
function settingsOf({ env }: typeof platform): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => /^(PAAS_|DOCKER_HOST)/.test(name)))
}

async function versions(app: TestApp): Promise<number[]> {
  const releases = JSON.parse((await must(app.paas(['releases', '--json', '-n', '100']))).stdout) as { version: number }[]
  return releases.map(({ version }) => version).toSorted((a, b) => a - b)
}

describe('bin/status', () => {
  it('shows every process up', async () => {
    const all = await until('everything is up', async () => {
      const now = await components()
      return now.every(({ state }) => state === 'up') && now
    })
    expect(all.map(({ name }) => name)).toEqual([
      'platform',
      'router.1',
      'router.2',
      'log-router',
      'control',
      'postgres',
      'redis',
    ])
  })

  it('says so when the platform already runs', async () => {
    const again = await must(run(`${ROOT}/bin/up`, ['--detach'], { env: platform.env }))
    expect(again.stdout).toMatch(/Already running at .*, nothing changed/)
  })
})
