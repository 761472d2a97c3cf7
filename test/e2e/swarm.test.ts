// What only a swarm of several machines has: nodes that somebody else has
// made, drained or taken away. What it shares with hosts of an engine alone,
// hosts.test.ts and hosts-refused.test.ts say of both.
import type { TestApp } from '@paas/testing/app'
import { engineKind } from '@paas/testing/engine'
import { must } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fleet, openFleet } from './hosts.fixture.ts'

describe.skipIf(engineKind() !== 'swarm')('a swarm of several machines', () => {
  let fleet: Fleet
  let app: TestApp
  /** At the manager. */
  const docker = async (...args: string[]) => (await must(run('docker', args))).stdout.trim()
  /** Ids and states of all. */
  const nodes = async () => (await docker('node', 'ls', '--format', '{{.ID}} {{.Status}}')).split('\n')
  const nodeOf = async (host: string) =>
    (await must(fleet.rig.host(host).docker(['info', '--format', '{{.Swarm.NodeID}}']))).stdout.trim()
  const doctor = async () => (await fleet.paas('hosts:doctor')).stdout

  beforeAll(async () => {
    fleet = await openFleet({ count: 2 })
    app = await fleet.createApp('express-and-worker', 'nodes')
    await must(app.push())
    await must(app.paas(['scale', 'web=2']))
  }, 180_000)
  afterAll(() => fleet?.close())

  it('refuses a node that others have made, says so, and takes it once it has left', { timeout: 120_000 }, async () => {
    const h1 = fleet.rig.host('h1')
    const [token, manager] = [
      await docker('swarm', 'join-token', '--quiet', 'worker'),
      await docker('info', '--format', '{{.Swarm.NodeAddr}}'),
    ]
    await must(h1.docker(['swarm', 'join', '--token', token, `${manager}:2377`]))
    const refused = await fleet.add('h1')
    expect(refused.code).not.toBe(0)
    expect(refused.stdout + refused.stderr).toContain('It is in this swarm already')
    expect(refused.stdout + refused.stderr).toContain('docker swarm leave')
    expect(refused.stdout + refused.stderr).not.toContain(token)
    await until('the doctor knows', async () => (await doctor()).includes('h1 is a node of its swarm and no host'))
    const node = await nodeOf('h1')
    await must(h1.docker(['swarm', 'leave']))
    await docker('node', 'rm', '--force', node)
    await must(fleet.add('h1'))
    await must(fleet.add('h2'))
    expect(await nodes()).toEqual(expect.arrayContaining([`${await nodeOf('h1')} Ready`, `${await nodeOf('h2')} Ready`]))
    expect(await doctor()).not.toContain('no host')
  })

  it('runs one-offs on any node, and their output ends up in one place', { timeout: 120_000 }, async () => {
    for (const host of ['local', 'h2']) await must(fleet.paas('hosts:cordon', host))
    expect((await must(app.paas(['run', 'echo first; cat'], { input: 'piped\n' }))).stdout).toBe('first\npiped\n')
    await must(app.paas(['run:detached', 'echo from afar']))
    await until('its line', async () => (await must(app.paas(['logs', '-n', '50']))).stdout.includes('from afar'))
    for (const host of ['local', 'h2']) await must(fleet.paas('hosts:uncordon', host))
  })

  it('replaces elsewhere what a node ran that was drained by hand', { timeout: 120_000 }, async () => {
    await fleet.restart(app, 'web')
    const before = await fleet.dynosOn(app, 'h1')
    expect(before.length).toBeGreaterThan(0)
    const wanted = await fleet.running(app)
    const node = await nodeOf('h1')
    await docker('node', 'update', '--availability', 'drain', node)
    await until(
      'they run elsewhere',
      async () => (await fleet.dynosOn(app, 'h1')).length === 0 && (await fleet.running(app)).join() === wanted.join(),
    )
    expect((await fleet.paas('hosts', '--json')).stdout).toContain('its node is drained')
    expect(await doctor()).toContain('h1: nothing new is placed on it')
    await docker('node', 'update', '--availability', 'active', node)
    await until('it is itself again', async () => !(await doctor()).includes('nothing new is placed'))
  })

  it('forgets a machine that is gone for good', { timeout: 120_000 }, async () => {
    const node = await nodeOf('h2')
    await fleet.rig.host('h2').kill()
    await fleet.until('h2', 'lost')
    await must(fleet.paas('hosts:remove', 'h2', '--force'))
    await until('its node is gone', async () => (await nodes()).every((one) => !one.startsWith(node)))
    expect(await docker('service', 'ls', '--quiet', '--filter', `label=paas.prefix=${fleet.platform.prefix}`)).not.toBe('')
  })
})
