// The rig itself: each verb does to a host what its name says, and undoes it.
import { existsSync, globSync } from 'node:fs'
import { connect } from 'node:net'
import { openEngine } from '@paas/engine/client'
import { must } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tinyImage } from '../../apps/scheduler/src/tiny-image.fixture.ts'
import type { TestHost } from './host.ts'
import { inNamespace, namespaceOf } from './network.ts'
import { ping } from './ping.ts'
import { findRig, type Rig, startHosts } from './rig.ts'

const IMAGE = 'rig/tiny:1'
const SLEEPER = ['run', '--detach', '--name=sleeper', '--init', '--restart=always', IMAGE, 'sleep', '3600']

let rig: Rig
let h1: TestHost
let h2: TestHost

beforeAll(async () => {
  rig = await startHosts({ count: 2 })
  h1 = rig.host('h1')
  h2 = rig.host('h2')
  await tinyImage(openEngine({ dockerHost: h1.socket, namePrefix: 'rig', cgroupParent: '', appSubnet: '10.98.0.0/16' }), IMAGE)
  await rig.seedImage(IMAGE, h1)
})

afterAll(() => rig?.down())

it('engines answer to the certificate of the rig only', async () => {
  expect(await ping(h1)).toBe(200)
  expect(await ping(h2)).toBe(200)
  expect(await ping(h2, { certificate: false })).toMatch(/CERTIFICATE|ALERT|ECONNRESET/)
})

it('up again is the same rig', async () => {
  const before = await engineIds()
  const again = await startHosts({ count: 2, name: rig.name })
  expect(again.hosts.map((host) => host.url)).toEqual(rig.hosts.map((host) => host.url))
  expect(await engineIds()).toEqual(before)
})

it('a partition is silence, both ways or one, until it heals', async () => {
  for (const direction of ['both', 'in', 'out'] as const) {
    await h2.partition({ direction })
    expect(await ping(h2, { deadlineMs: 300 })).toBe('silence')
    expect(await h2.condition()).toBe('up')
    expect(await ping(h1)).toBe(200)
    await h2.heal()
    expect(await ping(h2)).toBe(200)
  }
})

it('a partition of one port leaves the others', async () => {
  await h2.partition({ port: 2376 })
  expect(await ping(h2, { deadlineMs: 300 })).toBe('silence')
  expect(await tryPort(h2, 9)).toBe('ECONNREFUSED')
  await h2.heal()
  expect(await ping(h2)).toBe(200)
})

it('a killed host refuses, and comes back with what its engine kept', async () => {
  await must(h2.docker(SLEEPER))
  await h2.kill()
  expect(await ping(h2)).toBe('ECONNREFUSED')
  expect(await h2.condition()).toBe('off')
  const { stdout } = await must(inNamespace(namespaceOf(rig.name, 'h2'), 'ip', ['-o', 'link', 'show']))
  expect([...stdout.matchAll(/^\d+: ([^:@]+)/gm)].map((match) => match[1])).toEqual(['lo', 'eth0'])
  await h2.start()
  expect(await ping(h2)).toBe(200)
  await until('the restarted container', async () => (await runningOn(h2)) === 'sleeper')
})

it('a host without power is silent, and comes back', async () => {
  await h2.powerOff()
  expect(await ping(h2, { deadlineMs: 300 })).toBe('silence')
  await h2.start()
  expect(await ping(h2)).toBe(200)
})

it('a hung engine accepts and does not answer; its containers go on', async () => {
  await until('the container', async () => (await runningOn(h2)) === 'sleeper')
  await h2.hang()
  expect(await ping(h2, { deadlineMs: 300 })).toBe('silence')
  expect(await h2.condition()).toBe('silent')
  expect((await h2.inside(['pgrep', '-f', 'sleep 3600'])).code).toBe(0)
  await h2.resume()
  expect(await ping(h2)).toBe(200)
})

it('an engine that is killed alone is started again', async () => {
  const [, before] = await engineIds()
  await h2.restartEngine('KILL')
  expect((await engineIds())[1]).not.toEqual(before)
  expect(await ping(h2)).toBe(200)
})

it('an engine is slow, breaks off or refuses until it is steady', async () => {
  await h2.fault({ kind: 'slow', ms: 200 })
  const began = performance.now()
  expect(await ping(h2, { deadlineMs: 5_000 })).toBe(200)
  expect(performance.now() - began).toBeGreaterThan(400)
  await h2.fault({ kind: 'cut', ms: 0 })
  expect(await ping(h2)).toMatch(/ECONNRESET|EPIPE/)
  await h2.fault({ kind: 'refuse' })
  expect(await ping(h2)).toBe(500)
  await h2.steady()
  expect(await ping(h2)).toBe(200)
})

it('a fault of the engine ends with the machine', async () => {
  await h2.fault({ kind: 'refuse' })
  await h2.kill()
  await h2.start()
  expect(await ping(h2)).toBe(200)
})

it('down leaves nothing', async () => {
  const other = await startHosts({ count: 1 })
  const [host] = other.hosts
  const namespace = `${other.name}-h1`
  expect(other.gateway).not.toBe(rig.gateway)
  await other.down()
  expect(await findRig(other.name)).toBeUndefined()
  expect(await ping(h1)).toBe(200)
  expect(existsSync(`/run/netns/${namespace}`)).toBe(false)
  expect(globSync(`/sys/fs/cgroup/{,*/}${namespace}`)).toEqual([])
  expect((await must(run('ip', ['address']))).stdout).not.toContain(`${other.gateway}/`)
  expect((await must(run('iptables', ['-w', '-t', 'nat', '-S']))).stdout).not.toContain(`${other.gateway.replace(/1$/, '0')}/24`)
  expect(existsSync(host!.certPath)).toBe(false)
})

/** Changes when a machine or its engine was started anew. */
function engineIds(): Promise<string[]> {
  return Promise.all(
    rig.hosts.map(
      async (host) => (await must(host.inside(['sh', '-c', 'cat /run/docker.pid; stat -c %Y%Z /run/docker.pid']))).stdout,
    ),
  )
}

function tryPort(host: TestHost, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: host.address, port, timeout: 1_000 }, () => resolve('connected'))
    socket.once('timeout', () => socket.destroy(new Error('silence')))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

async function runningOn(host: TestHost): Promise<string> {
  return (await must(host.docker(['ps', '--format', '{{.Names}}']))).stdout.trim()
}
