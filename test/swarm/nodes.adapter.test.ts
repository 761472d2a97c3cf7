// A machine becomes a node of the platform's swarm, runs dynos that are made at
// the manager, and stops being one: the engine's part of `hosts:add` and
// `hosts:remove` in a swarm.
import { type Engine, openEngine } from '@paas/engine/client'
import { type DynoEngine, openDynoEngine } from '@paas/engine/dyno-engine'
import { joinSwarm, leaveSwarm } from '@paas/engine/swarm-join'
import { overlayName } from '@paas/engine/swarm-networks'
import { listNodes, removeNode } from '@paas/engine/swarm-nodes'
import { must } from '@paas/testing/platform'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tinyImage } from '../../apps/scheduler/src/tiny-image.fixture.ts'
import type { TestHost } from '../hosts/host.ts'
import { type Rig, startHosts } from '../hosts/rig.ts'
import { converse, IMAGE, spec, WEB } from './dyno.fixture.ts'

const RANGE = '10.131.64.0/18'
let rig: Rig
let manager: Engine
let host: Engine
let here: DynoEngine
let there: DynoEngine

beforeAll(async () => {
  rig = await startHosts({ count: 4, engines: { h4: { 'live-restore': true } } })
  const open = (name: string, appSubnet: string) =>
    openEngine({ dockerHost: rig.host(name).socket, namePrefix: 'tnodes', cgroupParent: '', appSubnet, linked: name !== 'h1' })
  manager = open('h1', '10.222.0.0/16')
  host = open('h2', RANGE)
  here = openDynoEngine('swarm', manager)
  there = openDynoEngine('swarm', host, { manager, hostId: 'row-of-h2' })
  await tinyImage(manager, IMAGE)
  await rig.seedImage(IMAGE, rig.host('h1'))
})
afterAll(() => rig?.down())

const join = (engine = host, name = 'h2') =>
  joinSwarm(manager, engine, { hostId: `row-of-${name}`, address: rig.host(name).address })
const gatewayOf = async ({ docker }: TestHost) =>
  (await docker(['network', 'inspect', 'docker_gwbridge', '--format', '{{range .IPAM.Config}}{{.Subnet}}{{end}}'])).stdout.trim()
const stateOf = async ({ docker }: TestHost) =>
  (await must(docker(['info', '--format', '{{.Swarm.LocalNodeState}}']))).stdout.trim()

describe('joining', () => {
  it('needs a manager that others can reach', async () => {
    await must(rig.host('h1').docker(['swarm', 'init', '--advertise-addr', '127.0.0.1']))
    await expect(join()).rejects.toThrow(/known by 127.0.0.1:2377 only/)
    expect(await stateOf(rig.host('h2'))).toBe('inactive')
    await must(rig.host('h1').docker(['swarm', 'leave', '--force']))
    await must(rig.host('h1').docker(['swarm', 'init', '--advertise-addr', rig.host('h1').address]))
  })

  it('leaves nothing behind when the manager is not reached', { timeout: 90_000 }, async () => {
    await rig.host('h2').inside(['iptables', '-I', 'OUTPUT', '-p', 'tcp', '--dport', '2377', '-j', 'REJECT'])
    await expect(join()).rejects.toThrow(/could not join the swarm of .*:2377/)
    await rig.host('h2').inside(['iptables', '-D', 'OUTPUT', '-p', 'tcp', '--dport', '2377', '-j', 'REJECT'])
    expect(await stateOf(rig.host('h2'))).toBe('inactive')
    expect(await gatewayOf(rig.host('h2'))).toBe('')
  })

  it('makes it a worker whose containers have addresses of its range', async () => {
    await join()
    await join() // as after a scheduler that was killed
    expect(await gatewayOf(rig.host('h2'))).toBe('10.131.64.0/22')
    const nodes = await listNodes(manager)
    expect(nodes.map(({ name, isOwn, hostId, state }) => [name, isOwn, hostId, state])).toEqual(
      expect.arrayContaining([
        ['h1', true, undefined, 'ready'],
        ['h2', false, 'row-of-h2', 'ready'],
      ]),
    )
    expect(nodes.find(({ name }) => name === 'h2')?.address).toBe(rig.host('h2').address)
  })

  it('is refused to an engine that could not be in a swarm', async () => {
    const engine = openEngine({ dockerHost: rig.host('h4').socket, namePrefix: 'tnodes', cgroupParent: '', appSubnet: RANGE })
    await expect(join(engine, 'h4')).rejects.toThrow(/has live-restore/)
    expect(await gatewayOf(rig.host('h4'))).toBe('')
  })

  it('is refused to a node that others have made, and to one of another swarm', async () => {
    const h3 = rig.host('h3')
    const engine = openEngine({ dockerHost: h3.socket, namePrefix: 'tnodes', cgroupParent: '', appSubnet: '10.131.128.0/18' })
    const { stdout: token } = await must(rig.host('h1').docker(['swarm', 'join-token', '--quiet', 'worker']))
    await must(h3.docker(['swarm', 'join', '--token', token.trim(), `${rig.host('h1').address}:2377`]))
    await expect(join(engine, 'h3')).rejects.toThrow(/in this swarm already/)
    await leaveSwarm(manager, engine, 'row-of-h3')
    expect(await stateOf(h3)).toBe('active') // it is not ours to take out
    await must(h3.docker(['swarm', 'leave']))
    await must(h3.docker(['swarm', 'init', '--advertise-addr', h3.address]))
    await expect(join(engine, 'h3')).rejects.toThrow(/in another swarm/)
    await must(h3.docker(['swarm', 'leave', '--force']))
    await join(engine, 'h3') // though another range is left from before
    expect(await gatewayOf(h3)).toBe('10.131.128.0/22')
    await leaveSwarm(manager, engine, 'row-of-h3')
    expect([await stateOf(h3), await gatewayOf(h3)]).toEqual(['inactive', ''])
  })
})

describe('a dyno on another node', () => {
  it('is found there and nowhere else, in its app’s network with those of other nodes', async () => {
    const app = 'two'
    const [one, two] = await Promise.all([here.start(spec(app, WEB)), there.start(spec(app, WEB))])
    expect(two.address).toMatch(/^10\.131\.6[4-7]\./)
    expect((await rig.host('h2').inside(['curl', '-s', '-m', '5', `http://${two.address}:8080/`])).stdout).toBe('hello\n')
    expect((await here.list()).map(({ id }) => id)).toEqual([one.id])
    expect((await there.list()).map(({ id }) => id)).toEqual([two.id])
    const [container] = await host.docker.listContainers({ filters: { label: [`paas.app=id-of-${app}`] } })
    const address = container!.NetworkSettings.Networks[overlayName(manager, `id-of-${app}`)]!.IPAddress
    const friend = await here.start(spec(app, `nc -w 5 ${address} 8080 </dev/null >/dev/null 2>&1 && echo open`))
    await until('it has tried', async () => (await here.findEnd(friend.id))?.running === false)
    expect(await here.lastLines(friend.id, 1)).toEqual(['open'])
    for (const { id } of [one, friend]) await here.remove(id)
    await there.remove(two.id)
    expect([await here.list(), await there.list()]).toEqual([[], []])
  })

  it('ends, and is asked how, on its own engine', async () => {
    const { id } = await there.start(spec('brief', 'echo last; exit 3'))
    await until('its end', async () => (await there.findEnd(id))?.running === false)
    expect(await there.findEnd(id)).toEqual({ running: false, exitCode: 3, oomKilled: false })
    expect(await there.lastLines(id, 1)).toEqual(['last'])
    await there.remove(id)
    const polite = await there.start(spec('polite', 'trap "exit 0" TERM; sleep 1000 & wait'))
    expect(await there.stop(polite.id, 5_000)).toMatchObject({ exitCode: 0, killed: false })
    await there.remove(polite.id)
  })

  it('has a terminal, as the first of its app there too', async () => {
    expect(await converse(there, 'over the wire\n')).toEqual({ said: 'over the wire\n', code: 9 })
    await until('its network can go', () => here.removeAppNetwork('id-of-caller'))
  })

  it('is refused soon by a node that takes none', async () => {
    await must(rig.host('h1').docker(['node', 'update', '--availability', 'pause', 'h2']))
    await expect(there.start(spec('paused', WEB))).rejects.toThrow(/within 5 s: no suitable node/)
    await must(rig.host('h1').docker(['node', 'update', '--availability', 'active', 'h2']))
  })
})

describe('leaving', () => {
  it('takes the node out of the list, and its bridge away', async () => {
    for (const { id } of await there.list()) await there.remove(id)
    await leaveSwarm(manager, host, 'row-of-h2')
    await leaveSwarm(manager, host, 'row-of-h2') // again is fine
    expect([await stateOf(rig.host('h2')), await gatewayOf(rig.host('h2'))]).toEqual(['inactive', ''])
    expect((await listNodes(manager)).map(({ name }) => name)).not.toContain('h2')
  })

  it('needs no machine that still answers', { timeout: 90_000 }, async () => {
    await join()
    const again = openDynoEngine('swarm', host, { manager, hostId: 'row-of-h2' })
    await again.start(spec('lost', WEB))
    await rig.host('h2').kill()
    expect(await here.removeAppNetwork('id-of-lost')).toBe(false) // it may only be slow
    await until('it is given up', async () => (await listNodes(manager)).some(({ state }) => state === 'down'), 60_000)
    await until('its network can go', () => here.removeAppNetwork('id-of-lost'))
    const node = (await listNodes(manager)).find(({ hostId }) => hostId === 'row-of-h2')
    await removeNode(manager, node!.id)
    expect((await listNodes(manager)).map(({ hostId }) => hostId)).not.toContain('row-of-h2')
    expect(await manager.docker.listServices()).toEqual([])
  })
})
