// `paas run`: a one-off dyno with a terminal, or with pipes.
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
