// What admins get wrong with hosts, and what apps must not get at between them
// (faults G2, G3, G5): clear words, and nothing half added.
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import path from 'node:path'
import { pipeline } from 'node:stream'
import type { TestApp } from '@paas/testing/app'
import { engineKind } from '@paas/testing/engine'
import { must } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addressesOf } from './addresses.fixture.ts'
import { type Fleet, openFleet } from './hosts.fixture.ts'

let fleet: Fleet
beforeAll(async () => {
  fleet = await openFleet({ count: 2 })
}, 120_000)
afterAll(() => fleet?.close())

describe('hosts:add', () => {
  const refused = async (name: string, url: string, certPath: string) => {
    const { code, stdout, stderr } = await fleet.paas('hosts:add', name, '--url', url, '--cert-path', certPath)
    expect(code).not.toBe(0)
    expect((await fleet.hosts()).filter((host) => host.name === name && host.condition !== 'failed')).toEqual([])
    return stdout + stderr
  }

  it('says that nobody listens, or that nobody is there', { timeout: 60_000 }, async () => {
    const { certPath, address } = fleet.rig.host('h1')
    expect(await refused('wrong', `tcp://${address}:2399`, certPath)).toContain(`Nobody listens at ${address}:2399`)
    expect(await refused('wrong', 'tcp://no-such-name.invalid:2376', certPath)).toMatch(/name of .* is not known/)
  })

  it('says whose certificate is wrong', { timeout: 60_000 }, async () => {
    const { url } = fleet.rig.host('h1')
    const own = path.join(fleet.platform.home, 'own')
    await must(run('mkdir', [own]))
    const pair = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=own']
    await must(run('openssl', ['req', '-x509', ...pair, '-keyout', `${own}/key.pem`, '-out', `${own}/cert.pem`, '-days', '9']))
    await must(run('cp', [`${own}/cert.pem`, `${own}/ca.pem`]))
    expect(await refused('wrong', url, own)).toContain('another authority than ca.pem')
    await must(run('cp', [path.join(fleet.rig.host('h1').certPath, 'ca.pem'), `${own}/ca.pem`]))
    expect(await refused('wrong', url, own)).toContain('does not accept our certificate')
  })

  it('takes one engine under one name', { timeout: 120_000 }, async () => {
    await must(fleet.add('h1'))
    expect((await fleet.add('h1')).stderr).toContain('h1')
    const { certPath, address } = fleet.rig.host('h1')
    // Either end may go first, and what is still under way then is lost.
    const passage = createServer((socket) => void pipeline(socket, connect(2376, address), socket, () => {}))
    await new Promise<void>((resolve) => passage.listen(0, '127.0.0.1', resolve))
    const { port } = passage.address() as AddressInfo
    expect(await refused('twin', `tcp://127.0.0.1:${port}`, certPath)).toContain('a host already, by the name of h1')
    passage.close()
    const engine = readFileSync(path.join(certPath, 'ca.pem'), 'utf8')
    expect((await must(fleet.paas('hosts', '--json'))).stdout).not.toContain(engine.split('\n')[1])
  })

  it('refuses what leaves dynos without a place', { timeout: 60_000 }, async () => {
    expect((await fleet.paas('hosts:remove', 'local')).stderr).toMatch(/local/)
    expect((await fleet.paas('hosts:remove', 'nobody')).stderr).toMatch(/nobody/)
    await must(fleet.paas('hosts:cordon', 'local'))
    await must(fleet.paas('hosts:label', 'h1', 'disk=ssd'))
    expect((await fleet.paas('hosts:drain', 'h1')).stderr).toMatch(/no other host|nowhere|takes dynos/i)
    await must(fleet.paas('hosts:uncordon', 'local'))
  })
})

describe('G2, G3, G5: between hosts', () => {
  let probe: TestApp
  let victim: TestApp
  beforeAll(async () => {
    await must(fleet.add('h2'))
    victim = await fleet.createApp('express-and-worker', 'victim')
    await must(victim.push())
    await must(victim.paas(['scale', 'web=3']))
    await until(
      'it is everywhere',
      async () => (await fleet.running(victim)).filter((name) => name.startsWith('web')).length === 3,
    )
    probe = await fleet.createApp('foreign-probe', 'probing')
    await must(probe.push())
    await must(probe.paas(['ps:place', 'web', '--on', 'disk=ssd']))
    await fleet.restart(probe)
    expect(await fleet.dynosOn(probe, 'h1')).toEqual(['web.1'])
  }, 180_000)

  interface Attempt {
    target: string
    result: string
  }
  const managerAddress = async () => (await must(run('docker', ['info', '--format', '{{.Swarm.NodeAddr}}']))).stdout.trim()
  const reach = async (targets: string[]) => {
    const answer = await probe.get(`/connect?to=${encodeURIComponent(targets.join(','))}`)
    expect(answer.status, answer.body).toBe(200)
    const attempts = JSON.parse(answer.body) as Attempt[]
    expect(attempts.map(({ target }) => target)).toEqual(targets)
    return attempts.filter(({ result }) => result === 'open').map(({ target }) => target)
  }

  it('G2: a dyno reaches no dyno of another app, on any host', { timeout: 60_000 }, async () => {
    const filter = `name=^${fleet.platform.prefix}([.-]victim[.-]web|[.]network[.])`
    const engines = [undefined, fleet.rig.host('h1').socket, fleet.rig.host('h2').socket]
    const addresses = (await Promise.all(engines.map((engine) => addressesOf(filter, engine)))).flat()
    expect(addresses.length).toBeGreaterThanOrEqual(3)
    expect(await reach(addresses.map((address) => `${address}:8080`))).toEqual([])
    expect(await reach(['127.0.0.1:8080'])).toEqual(['127.0.0.1:8080']) // it can tell
  })

  it('G3: nor engines, the registry, hosts or cloud metadata', { timeout: 60_000 }, async () => {
    const { rig, platform } = fleet
    const link = platform.env['PAAS_LINK_SUBNET']!.replace(/0\/\d+$/, '')
    const managers = engineKind() === 'swarm' ? [await managerAddress()] : []
    const hosts = rig.hosts.map(({ address }) => address)
    const machines = [...hosts, rig.gateway, ...managers, `${link}1`, `${link}2`, `${link}3`]
    const ports = [2376, 2377, 7946, 22, 5432, 6379, Number(platform.env['PAAS_REGISTRY_PORT'])]
    const targets = machines.flatMap((machine) => ports.map((port) => `${machine}:${port}`))
    expect(await reach([...targets, '169.254.169.254:80'])).toEqual([])
  })

  it('G5: nor may it write packets of its own', { timeout: 60_000 }, async () => {
    const { stdout } = await must(
      probe.paas(['run', 'grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status; cat /proc/sys/kernel/hostname']),
    )
    expect(stdout).toMatch(/CapEff:\s+0{16}/)
    expect(stdout).toMatch(/CapBnd:\s+0{16}/)
    expect(stdout).toMatch(/NoNewPrivs:\s+1/)
    expect(stdout).toMatch(/Seccomp:\s+2/)
  })
})
