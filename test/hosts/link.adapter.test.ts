// The link between hosts, on this machine's engine and two of the rig: who
// reaches whom (rows G2 and G3 of the faults we plan for), and what outlives what.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { type Engine, openEngine } from '@paas/engine/client'
import { openContainerOutput } from '@paas/engine/container-output'
import { runInside } from '@paas/engine/exec'
import { addressTowards, configureLink, ensureLink, type LinkConfig, readLink, removeLink } from '@paas/engine/link'
import { linkContainerName } from '@paas/engine/link-container'
import { ensureAppNetwork, linkInterface } from '@paas/engine/networks'
import { ensureLinkImage } from '@paas/stack/link'
import { must } from '@paas/testing/platform'
import { purgeEngine } from '@paas/testing/purge'
import { run } from '@paas/testing/run'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestHost } from './host.ts'
import { type Rig, startHosts } from './rig.ts'

const PREFIX = `t${randomBytes(2).toString('hex')}`
/** Below those that the kernel gives to clients. */
const LISTEN_PORT = 20_000 + (process.pid % 12_000)
const REGISTRY_PORT = LISTEN_PORT + 1
const OTHER_PORT = LISTEN_PORT + 2
const LINK_SUBNET = `10.126.${process.pid % 256}.0/24`
const [LOCAL, H1, H2] = [1, 2, 3].map((number) => LINK_SUBNET.replace('0/24', String(number))) as [string, string, string]
const SUBNETS = { local: '10.125.0.0/18', h1: '10.125.64.0/18', h2: '10.125.128.0/18' }
const DYNO_PORT = 8080

let rig: Rig
let h1: TestHost
let h2: TestHost
let engines: { local: Engine; h1: Engine; h2: Engine }
let configs: { local: LinkConfig; h1: LinkConfig; h2: LinkConfig }
let upMs: number
const servers: Server[] = []

beforeAll(async () => {
  rig = await startHosts({ count: 2 })
  h1 = rig.host('h1')
  h2 = rig.host('h2')
  const common = { namePrefix: PREFIX, cgroupParent: '' }
  engines = {
    local: openEngine({ ...common, dockerHost: 'unix:///var/run/docker.sock', appSubnet: SUBNETS.local }),
    h1: openEngine({ ...common, dockerHost: h1.url, tls: tlsOf(h1), appSubnet: SUBNETS.h1, linked: true }),
    h2: openEngine({ ...common, dockerHost: h2.url, tls: tlsOf(h2), appSubnet: SUBNETS.h2, linked: true }),
  }
  const workDir = '/tmp/paas-test-cache'
  const [image = ''] = await Promise.all(all((engine) => ensureLinkImage(engine, { workDir, onProgress: () => {} })))

  const began = performance.now()
  const [local, one, two] = await Promise.all(all((engine) => ensureLink(engine, { image })))
  const endpoint = `${await addressTowards(h1.address)}:${LISTEN_PORT}`
  const between = { listenPort: LISTEN_PORT, routers: LOCAL, ranges: [LINK_SUBNET, ...Object.values(SUBNETS)] }
  const platform = { publicKey: local!.publicKey, endpoint, allowedIps: [`${LOCAL}/32`] }
  const machine = (address: string) => ({ address, tcpPorts: [] })
  const host = { ...between, tcpPorts: [], guard: { publicPorts: [] }, peers: [platform] }
  configs = {
    local: {
      ...{ ...between, address: LOCAL, tcpPorts: [REGISTRY_PORT], guard: { publicPorts: [] } },
      machines: [machine(h1.address), machine(h2.address)],
      peers: [
        { publicKey: one!.publicKey, endpoint: `${h1.address}:${LISTEN_PORT}`, allowedIps: [`${H1}/32`, SUBNETS.h1] },
        { publicKey: two!.publicKey, endpoint: `${h2.address}:${LISTEN_PORT}`, allowedIps: [`${H2}/32`, SUBNETS.h2] },
      ],
    },
    h1: { ...host, address: H1, machines: [machine(rig.gateway), machine(h2.address)] },
    h2: { ...host, address: H2, machines: [machine(rig.gateway), machine(h1.address)] },
  }
  await Promise.all(names.map((name) => configureLink(engines[name], configs[name])))
  await until('both hosts have met the platform', async () => {
    const link = await readLink(engines.local)
    return link?.peers.every(({ handshakeAgeMs }) => handshakeAgeMs !== undefined)
  })
  upMs = performance.now() - began

  for (const port of [REGISTRY_PORT, OTHER_PORT]) servers.push(await listen(port))
  for (const [name, app] of [
    ['local', 'one'],
    ['h1', 'one'],
    ['h1', 'two'],
    ['h2', 'one'],
  ] as const) {
    await startDyno(name, app, image)
  }
}, 300_000)

afterAll(async () => {
  for (const server of servers) server.close()
  if (engines) await removeLink(engines.local).catch(() => {})
  await purgeEngine(PREFIX)
  await rig?.down()
})

// WireGuard greets again after 5 s when a peer was not there yet.
it('links of three hosts stand within seconds', () => expect(upMs).toBeLessThan(10_000))

describe('routers', () => {
  it.each(['h1', 'h2'] as const)('reach dynos of %s at their own addresses', async (host) => {
    expect(await say(await addressOf(host, 'one'))).toBe(`one on ${host}`)
  })

  it('write nothing between hosts that others can read', async () => {
    const before = await readLink(engines.local)
    const count = ['-t', 'raw', '-I', 'PREROUTING', '-i', 'eth0', '-p', 'tcp', '!', '--dport', '2376']
    await must(h1.inside(['iptables', ...count]))
    await say(await addressOf('h1', 'one'))
    const { stdout } = await must(h1.inside(['iptables', '-t', 'raw', '-nvxL', 'PREROUTING']))
    await must(h1.inside(['iptables', ...count.map((word) => (word === '-I' ? '-D' : word))]))
    expect(stdout.split('\n')[2]?.trim()).toMatch(/^0 +0 /)
    const sent = (facts: typeof before) => facts?.peers.reduce((sum, { sentBytes }) => sum + sentBytes, 0) ?? 0
    expect(sent(await readLink(engines.local))).toBeGreaterThan(sent(before))
  })
})

describe('what a container reaches', () => {
  it('its own network', async () => {
    expect(await reaches('h1', 'one', await addressOf('h1', 'one'), DYNO_PORT)).toBe(true)
  })

  it.each([
    { title: 'not another app on its host', from: 'h1', to: () => addressOf('h1', 'two'), port: DYNO_PORT },
    { title: 'not the same app on another host', from: 'h1', to: () => addressOf('h2', 'one'), port: DYNO_PORT },
    { title: 'not a dyno on the platform’s machine', from: 'h1', to: () => addressOf('local', 'one'), port: DYNO_PORT },
    { title: 'not its own host’s engine', from: 'h1', to: () => h1.address, port: 2376 },
    { title: 'not another host’s engine', from: 'h1', to: () => h2.address, port: 2376 },
    { title: 'not its own host over the link', from: 'h1', to: () => H1, port: 2376 },
    { title: 'not the registry', from: 'h1', to: () => LOCAL, port: REGISTRY_PORT },
    { title: 'not the registry around the link', from: 'h1', to: () => rig.gateway, port: REGISTRY_PORT },
    { title: 'not the link-local range', from: 'h1', to: () => '169.254.169.254', port: 80 },
    { title: 'not, on the platform’s machine, the registry', from: 'local', to: () => LOCAL, port: REGISTRY_PORT },
    {
      title: 'not, on the platform’s machine, a dyno elsewhere',
      from: 'local',
      to: () => addressOf('h1', 'one'),
      port: DYNO_PORT,
    },
    { title: 'not, on the platform’s machine, a host’s engine', from: 'local', to: () => h1.address, port: 2376 },
  ] as const)('$title', async ({ from, to, port }) => expect(await reaches(from, 'one', await to(), port)).toBe(false))
})

describe('what a host reaches over the link', () => {
  it('the registry, and no other port of the platform’s machine', async () => {
    expect(await reachesFrom(h1, LOCAL, REGISTRY_PORT)).toBe(true)
    expect(await reachesFrom(h1, LOCAL, OTHER_PORT)).toBe(false)
  })

  it('no dyno of another host, though it has a way there', async () => {
    const dyno = await addressOf('h2', 'one')
    await must(h1.inside(['ip', 'route', 'add', `${dyno}/32`, 'via', h2.address]))
    expect(await reachesFrom(h1, dyno, DYNO_PORT)).toBe(false)
    await must(h1.inside(['ip', 'route', 'del', `${dyno}/32`]))
  })
})

it('the platform reads output of an engine behind mutual TLS', async () => {
  const output = openContainerOutput({ dockerHost: h1.url, tls: tlsOf(h1), namePrefix: PREFIX })
  const id = (await engines.h1.docker.getContainer(dynoName('one')).inspect()).Id
  expect(await output.isRunning(id)).toBe(true)
  const stranger = openContainerOutput({ dockerHost: h1.url, namePrefix: PREFIX })
  await expect(stranger.isRunning(id)).rejects.toMatchObject({ code: expect.stringMatching(/^engine_/) })
})

describe('the link is back by itself', () => {
  it.each(['local', 'h1'] as const)('when its container on %s was restarted', async (name) => {
    await engines[name].docker.getContainer(linkContainerName(engines[name])).restart({ t: 1 })
    await until('the dyno', async () => (await say(await addressOf('h1', 'one'))) === 'one on h1', 10_000)
  })

  it('when the engine was killed', async () => {
    await h1.restartEngine('KILL')
    await until('the dyno', async () => (await say(await addressOf('h1', 'one'))) === 'one on h1', 20_000)
  })

  it('when the machine lost its power', async () => {
    await h1.powerOff()
    await h1.start()
    await until('the dyno', async () => (await say(await addressOf('h1', 'one'))) === 'one on h1', 20_000)
    expect(await reaches('h1', 'one', await addressOf('h1', 'two'), DYNO_PORT)).toBe(false)
    expect(await reaches('h1', 'one', h2.address, 2376)).toBe(false)
  })
})

describe('what is no longer wanted goes', () => {
  it('a peer, its routes and its key', async () => {
    const peers = configs.local.peers.slice(0, 1)
    await configureLink(engines.local, { ...configs.local, peers })
    expect((await readLink(engines.local))?.peers.map(({ publicKey }) => publicKey)).toEqual([peers[0]!.publicKey])
    const { stdout } = await must(run('ip', ['route', 'show', 'dev', linkInterface(engines.local)]))
    expect(stdout).not.toContain(H2)
    expect(stdout).not.toContain(SUBNETS.h2)
  })

  it('a bad wish changes nothing, and says why', async () => {
    const peers = [{ ...configs.h2.peers[0]!, allowedIps: ['0.0.0.0/0; reboot'] }]
    await expect(configureLink(engines.h2, { ...configs.h2, peers })).rejects.toMatchObject({ code: 'invalid_params' })
    expect((await readLink(engines.h2))?.peers).toHaveLength(1)
  })

  it('all of it, twice', async () => {
    for (const _ of [1, 2]) await removeLink(engines.h2)
    const left = async (command: string[]) => (await must(h2.inside(command))).stdout
    expect(await left(['iptables', '-S'])).not.toMatch(new RegExp(`-N ${PREFIX}-`))
    expect(await left(['ip', 'link'])).not.toContain(linkInterface(engines.h2))
    expect((await h2.docker(['volume', 'ls', '-q'])).stdout).toBe('')
    expect(await readLink(engines.h2)).toBeUndefined()
  })
})

const names = ['local', 'h1', 'h2'] as const
const all = <T>(work: (engine: Engine) => Promise<T>): Promise<T>[] => names.map((name) => work(engines[name]))
const dynoName = (app: string) => `${PREFIX}-${app}`

function tlsOf({ certPath }: TestHost) {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => readFileSync(path.join(certPath, `${name}.pem`), 'utf8'))
  return { ca: ca!, cert: cert!, key: key! }
}

/** Says where it is to whoever connects. The link's image has all it takes. */
async function startDyno(name: keyof typeof engines, app: string, image: string): Promise<void> {
  const { docker, prefix } = engines[name]
  const container = await docker.createContainer({
    name: dynoName(app),
    Image: image,
    Entrypoint: ['/bin/busybox', 'nc', '-ll', '-p', String(DYNO_PORT), '-e', '/bin/busybox', 'echo', `${app} on ${name}`],
    Labels: { 'paas.prefix': prefix },
    HostConfig: {
      NetworkMode: await ensureAppNetwork(engines[name], app),
      RestartPolicy: { Name: 'always' },
      CapDrop: ['ALL'],
      Init: true, // which ends at a SIGTERM
    },
  })
  await container.start()
}

async function addressOf(name: keyof typeof engines, app: string): Promise<string> {
  const { NetworkSettings } = await engines[name].docker.getContainer(dynoName(app)).inspect()
  return Object.values(NetworkSettings.Networks)[0]!.IPAddress
}

/** What a dyno says to this machine; undefined when it cannot be reached. */
async function say(address: string): Promise<string | undefined> {
  const socket = connect({ host: address, port: DYNO_PORT, timeout: 1_000 })
  socket.once('timeout', () => socket.destroy(new Error('no answer')))
  return text(socket).then(
    (said) => said.trim(),
    () => undefined,
  )
}

/** A refusal counts as reached: whoever refuses could be talked to. */
async function reaches(name: keyof typeof engines, app: string, address: string, port: number): Promise<boolean> {
  const { code, stderr } = await runInside(engines[name], dynoName(app), ['/bin/busybox', 'nc', '-w', '1', address, String(port)])
  return code === 0 || stderr.includes('refused')
}

async function reachesFrom(host: TestHost, address: string, port: number): Promise<boolean> {
  const argv = ['timeout', '1', 'bash', '-c', `: < /dev/tcp/${address}/${port}`]
  const { code, stderr } = await host.inside(argv)
  return code === 0 || stderr.includes('refused')
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end('here'))
    server.once('error', reject).listen(port, '0.0.0.0', () => resolve(server))
  })
}
