// From a dyno or a build nothing of ours and nobody else's app can be reached
// (rows G2, G3, E8 of the fault list). A probe app tries, and says what it found.
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { createApp, type TestApp } from '@paas/testing/app'
import { must } from '@paas/testing/platform'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { addressesOf } from './addresses.fixture.ts'

const platform = inject('platform')

interface Attempt {
  target: string
  result: string
}

describe('a hostile app', () => {
  let probe: TestApp
  let victim: TestApp
  beforeAll(async () => {
    victim = await createApp(platform, 'express-and-worker', 'victim')
    await must(victim.push())
    probe = await createApp(platform, 'foreign-probe', 'probing')
    await must(probe.push())
  })
  afterAll(async () => {
    await probe.destroy()
    await victim.destroy()
  })

  const reach = async (targets: string[]): Promise<string[]> => {
    const answer = await probe.get(`/connect?to=${encodeURIComponent(targets.join(','))}`)
    expect(answer.status, answer.body).toBe(200)
    const attempts = JSON.parse(answer.body) as Attempt[]
    expect(attempts.map(({ target }) => target)).toEqual(targets)
    return attempts.filter(({ result }) => result === 'open').map(({ target }) => target)
  }

  it('can tell open from closed', async () => {
    expect(await reach(['127.0.0.1:8080', '127.0.0.1:1'])).toEqual(['127.0.0.1:8080'])
  })

  it('reaches no dyno of another app, by address or name', async () => {
    const addresses = await addressesOf(`name=^${platform.prefix}[.-]${victim.name}[.-]`)
    expect(addresses.length).toBeGreaterThan(0)
    expect(
      await reach([...addresses.map((address) => `${address}:8080`), 'victim:8080', 'web.1:8080', `victim.web.1:8080`]),
    ).toEqual([])
  })

  it('reaches nothing that listens on the host but the public ports', async () => {
    // Something careless on every address, as no service of ours is.
    const careless = createServer((socket) => socket.end('hello'))
    await new Promise<void>((resolve) => careless.listen(0, '0.0.0.0', resolve))
    const { port } = careless.address() as AddressInfo
    const addresses = Object.values(networkInterfaces())
      .flatMap((found) => found ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address)
    const open = await reach(addresses.flatMap((address) => [port, 2375, 5432, 6379].map((one) => `${address}:${one}`)))
    careless.close()
    expect(open).toEqual([])
    expect(await reach([`${addresses[0]}:${platform.httpPort}`])).toHaveLength(1)
  })

  it('reaches no cloud metadata service', async () => {
    expect(await reach(['169.254.169.254:80'])).toEqual([])
  })

  it('runs as an ordinary user without capabilities, new privileges or engine socket', async () => {
    const { stdout } = await must(
      probe.paas(['run', 'id -u; grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status; ls /var/run/docker.sock 2>&1; true']),
    )
    expect(stdout).toMatch(/^20000$/m)
    expect(stdout).toMatch(/CapEff:\s+0000000000000000/)
    expect(stdout).toMatch(/NoNewPrivs:\s+1/)
    expect(stdout).toMatch(/Seccomp:\s+2/)
    expect(stdout).toMatch(/No such file/)
  })
})
