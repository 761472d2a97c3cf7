// The platform's own machine loses its power and boots again: everything is
// back unaided. The platform runs inside a machine of the rig here, so that all
// of it, Postgres and engine included, ends at one instant.
import { createApp, type TestApp } from '@paas/testing/app'
import { engineKind } from '@paas/testing/engine'
import {
  bringUp,
  must,
  type PlatformMachine,
  ROOT,
  startTestPlatform,
  stopTestPlatform,
  type TestPlatform,
} from '@paas/testing/platform'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestHost } from '../hosts/host.ts'
import { type Rig, startHosts } from '../hosts/rig.ts'

const BACK_WITHIN_MS = 60_000

let rig: Rig
let platform: TestPlatform
let app: TestApp

beforeAll(async () => {
  rig = await startHosts({ count: 2 })
  const { docker, address } = rig.host('h1')
  if (engineKind() === 'swarm') await must(docker(['swarm', 'init', '--advertise-addr', address]))
  // What is in /run is gone after a boot, as on any machine.
  platform = await startTestPlatform({ PAAS_RUN_DIR: '/run/paas-test' }, asMachine(rig.host('h1')))
  app = await createApp(platform, 'express-and-worker', 'phoenix')
  await must(app.push())
  const { url, certPath } = rig.host('h2')
  await must(app.paas(['hosts:add', 'h2', '--url', url, '--cert-path', certPath], { deadlineMs: 120_000 }))
  await must(app.paas(['scale', 'web=4', 'worker=1']))
  await must(app.paas(['ps:wait'], { deadlineMs: 60_000 }))
}, 300_000)

afterAll(async () => {
  if (platform) await stopTestPlatform(platform)
  await rig?.down()
})

it('is back within 60 s of boot, and what ran on another host was left alone', { timeout: 180_000 }, async () => {
  const here = rig.host('h1')
  const elsewhere = await idsOn(rig.host('h2'))
  expect(elsewhere).toHaveLength(2)
  expect(await idsOn(here)).toHaveLength(3)
  await here.powerOff()
  const began = performance.now()
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1)
  await here.start()
  const engine = seconds()
  await bringUp(platform)
  const up = seconds()
  await until('the app answers', async () => (await app.get().catch(() => undefined))?.status === 200, BACK_WITHIN_MS)
  const answered = seconds()
  // Rows say up until somebody has looked: the engine knows better.
  await until('all dynos are up', async () => (await idsOn(here)).length === 3 && (await dynosUp()).length === 5, BACK_WITHIN_MS)
  console.log(`reboot: engine ${engine} s, platform ${up} s, app ${answered} s, all dynos ${seconds()} s`)
  expect(performance.now() - began).toBeLessThan(BACK_WITHIN_MS)
  expect(await idsOn(rig.host('h2'))).toEqual(elsewhere)
  app.write('version.txt', 'after the boot\n')
  await app.commit()
  await must(app.push())
  expect((await app.get()).body).toContain('after the boot')
})

async function dynosUp(): Promise<string[]> {
  const { stdout } = await must(app.paas(['ps', '--json']))
  const dynos = JSON.parse(stdout) as { name: string; state: string }[]
  return dynos.filter(({ state }) => state === 'up').map(({ name }) => name)
}

async function idsOn(host: TestHost): Promise<string[]> {
  const { stdout } = await must(host.docker(['ps', '--quiet', '--filter', `name=^${platform.prefix}[.-]${app.name}[.-]`]))
  return stdout.split('\n').filter(Boolean).sort()
}

function asMachine(host: TestHost): PlatformMachine {
  return {
    run: (command, args, { cwd = ROOT, ...options } = {}) => host.inside(['env', `--chdir=${cwd}`, command, ...args], options),
    address: host.address,
    dockerHost: host.socket,
  }
}
