// `paas run` and `paas ps:exec`: a one-off dyno, or a running one, with a
// terminal or with pipes.
import { spawn } from 'node:child_process'
import { createApp, type TestApp } from '@paas/testing/app'
import { must, ROOT } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'

const platform = inject('platform')

describe('run', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await createApp(platform, 'express-and-worker', 'runner')
    await must(app.push())
  })
  afterAll(() => app.destroy())

  it('passes stdin, stdout and the exit status on', async () => {
    const ran = await app.paas(['run', 'cat; exit 9'], { input: 'over the wire\n' })
    expect(ran.stdout).toBe('over the wire\n')
    expect(ran.code).toBe(9)
  })

  it('is binary-safe', async () => {
    const ran = await must(app.paas(['run', 'wc -c'], { input: 'x'.repeat(1_000_000) }))
    expect(ran.stdout.trim()).toBe('1000000')
  })

  it('gives a terminal when it has one', async () => {
    // `script` (util-linux) gives the CLI a terminal of its own.
    const inner = `${ROOT}/bin/paas run -a runner 'tty; echo size $(stty size)'`
    const ran = await run('script', ['--quiet', '--return', '--command', inner, '/dev/null'], {
      env: { ...platform.env, TERM: 'xterm' },
    })
    expect(ran.stdout).toMatch(/\/dev\/pts\/\d+/)
    expect(ran.stdout).toMatch(/size \d+ \d+/)
  })

  it('has config vars and the metadata of a dyno', async () => {
    await must(app.paas(['config:set', 'GREETING=hello there']))
    const { stdout } = await must(app.paas(['run', 'env']))
    expect(stdout).toMatch(/^GREETING=hello there$/m)
    expect(stdout).toMatch(/^DYNO=run\.\d+$/m)
    expect(stdout).toMatch(/^HEROKU_APP_NAME=runner$/m)
  })

  it('detached, writes to the log', async () => {
    await must(app.paas(['run:detached', 'echo detached $((40 + 2))']))
    await until('its line', async () => (await app.paas(['logs', '-n', '100'])).stdout.includes('detached 42'))
  })

  it('leaves no container behind', async () => {
    await until('no one-off container', async () => {
      const { stdout } = await must(run('docker', ['ps', '-aq', '--filter', `name=^${platform.prefix}[.-]runner[.-]run[.-]`]))
      return stdout.trim() === ''
    })
  })
})

describe('ps:exec', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await createApp(platform, 'express-and-worker', 'entered')
    await must(app.push())
    await must(app.paas(['scale', 'worker=1']))
    await must(app.paas(['ps:wait']))
  })
  afterAll(() => app.destroy())

  const exec = (args: string[], input = '') => app.paas(['ps:exec', ...args], { input })
  /** Of the dyno itself: its container's, as the engine tells. */
  const processes = async () => {
    const { stdout } = await must(run('docker', ['ps', '-q', '--filter', `name=^${platform.prefix}[.-]entered[.-]worker[.-]`]))
    return (await must(run('docker', ['top', stdout.trim(), '-eo', 'pid,args']))).stdout
  }

  it('runs in web.1, with the variables of its process and what its profile scripts set', async () => {
    await must(app.paas(['config:set', 'GREETING=hello there']))
    await must(app.paas(['ps:wait']))
    const { stdout } = await must(exec(['--', 'echo $DYNO $PORT $GREETING; pwd; id -u; node --version']))
    expect(stdout).toMatch(/^web\.1 \d+ hello there\n\/app\n20000\nv\d+/)
    const { stdout: own } = await must(app.paas(['run', 'echo $PATH']))
    expect((await must(exec(['--', 'echo $PATH']))).stdout).toBe(own)
  })

  it('passes stdin and the exit status on', async () => {
    const ran = await exec(['--dyno', 'worker.1', 'cat; exit 9'], 'over the wire\n')
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 9, stdout: 'over the wire\n' })
    expect((await must(exec(['wc -c'], 'x'.repeat(1_000_000)))).stdout.trim()).toBe('1000000')
    expect((await must(exec([], 'echo a shell of its own, $DYNO\n'))).stdout).toBe('a shell of its own, web.1\n')
  })

  it('gives a terminal when it has one', async () => {
    const inner = `stty rows 31 cols 91; ${ROOT}/bin/paas ps:exec -a entered 'tty; stty size; exit 4'`
    const ran = await run('script', ['--quiet', '--return', '--command', inner, '/dev/null'], {
      env: { ...platform.env, TERM: 'xterm', SHELL: '/bin/sh' },
    })
    expect(ran.stdout).toMatch(/\/dev\/pts\/\d+/)
    expect(ran.stdout).toContain('31 91')
    expect(ran.code).toBe(4)
  })

  it('leaves nothing running when its terminal is gone', async () => {
    const client = spawn(`${ROOT}/bin/paas`, ['ps:exec', '-a', 'entered', '-d', 'worker.1', 'echo in; sleep 4711 & sleep 4711'], {
      env: platform.env,
    })
    await new Promise((resolve) => client.stdout.once('data', resolve))
    expect(await processes()).toContain('sleep 4711')
    client.kill('SIGKILL')
    await until('it is gone', async () => !(await processes()).includes('sleep 4711'))
  })

  it('ends with its dyno, and says why', async () => {
    const ran = exec(['-d', 'worker.1', 'echo in; sleep 4712'])
    await until('it runs', async () => (await processes()).includes('sleep 4712'))
    await must(app.paas(['restart', 'worker']))
    expect(await ran).toMatchObject({ code: 137, stderr: expect.stringContaining('worker.1 was restarted.') })
  })

  it('says which dynos there are', async () => {
    const { code, stderr } = await exec(['-d', 'web.7'])
    expect(code).toBe(1)
    expect(stderr).toContain('entered has no dyno web.7.')
    expect(stderr).toContain('Up are: web.1') // the worker is on its way back
  })
})
