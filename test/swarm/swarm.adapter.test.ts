// Dynos as services of a swarm, through the same port as on an engine alone,
// against a real swarm of one machine.
import { text } from 'node:stream/consumers'
import { type Engine, openEngine } from '@paas/engine/client'
import { type DynoEngine, openDynoEngine } from '@paas/engine/dyno-engine'
import { overlayName } from '@paas/engine/swarm-networks'
import { must } from '@paas/testing/platform'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tinyImage } from '../../apps/scheduler/src/tiny-image.fixture.ts'
import { type Rig, startHosts } from '../hosts/rig.ts'
import { converse, IMAGE, spec, WEB } from './dyno.fixture.ts'

let rig: Rig
let engine: Engine
let dynos: DynoEngine

beforeAll(async () => {
  rig = await startHosts({ count: 1 })
  const [host] = rig.hosts
  engine = openEngine({ dockerHost: host!.socket, namePrefix: 'tswarm', cgroupParent: '', appSubnet: '10.222.0.0/16' })
  dynos = openDynoEngine('swarm', engine)
  await tinyImage(engine, IMAGE)
})
afterAll(() => rig?.down())

const ended = (id: string) => until('its end', async () => (await dynos.findEnd(id))?.running === false)
const inside = (command: string) => rig.hosts[0]!.inside(['sh', '-c', command])

it('says that an engine outside of any swarm is none', async () => {
  await expect(dynos.start(spec('early', WEB))).rejects.toThrow(/no manager of a swarm/)
})

describe('in a swarm', () => {
  beforeAll(async () => {
    await must(rig.hosts[0]!.docker(['swarm', 'init', '--advertise-addr', rig.hosts[0]!.address]))
  })

  it('starts a dyno once, where its machine reaches it, and takes every trace of it away', async () => {
    const dyno = spec('shop', WEB)
    const first = await dynos.start(dyno)
    expect(await dynos.start(dyno)).toEqual(first)
    const { stdout } = await inside(`curl -s -m 5 http://${first.address}:8080/`)
    expect(stdout).toBe('hello\n')
    expect(await dynos.list({ appId: dyno.appId })).toMatchObject([{ id: first.id, dynoId: dyno.dynoId, state: 'running' }])
    expect(await dynos.removeAppNetwork(dyno.appId)).toBe(false)
    await dynos.remove(first.id)
    expect(await dynos.list()).toEqual([])
    await until('its network can go', () => dynos.removeAppNetwork(dyno.appId))
    await until('it is gone', async () => (await dynos.listAppNetworks()).length === 0)
  })

  it('is never started anew by Swarm, and its end and last words stay until it is removed', async () => {
    const { id } = await dynos.start(spec('brief', 'echo first; echo last; exit 3'))
    await ended(id)
    expect(await dynos.findEnd(id)).toEqual({ running: false, exitCode: 3, oomKilled: false })
    expect(await dynos.lastLines(id, 1)).toEqual(['last'])
    await until('Swarm knows', async () => {
      const [task] = (await engine.docker.listTasks({ filters: { service: [id] } })) as { Status: { State: string } }[]
      return task?.Status.State === 'failed'
    })
    expect(await dynos.list({ appId: 'id-of-brief' })).toMatchObject([{ id, state: 'exited' }])
    expect(await engine.docker.listTasks({ filters: { service: [id] } })).toHaveLength(1)
    await dynos.remove(id)
    expect(await dynos.findEnd(id)).toBeUndefined()
  })

  it('stops with SIGTERM, and with SIGKILL when that is not enough', async () => {
    const polite = await dynos.start(spec('polite', 'trap "exit 0" TERM; sleep 1000 & wait'))
    expect(await dynos.stop(polite.id, 5_000)).toMatchObject({ exitCode: 0, killed: false })
    const deaf = await dynos.start(spec('deaf', 'trap "" TERM; sleep 1000; sleep 1000'))
    expect(await dynos.stop(deaf.id, 1_000)).toMatchObject({ exitCode: 137, killed: true })
    for (const { id } of [polite, deaf]) await dynos.remove(id)
  })

  it('says why a dyno cannot start', async () => {
    await expect(dynos.start(spec('imageless', WEB, { image: 'tswarm/none:1' }))).rejects.toThrow(/No such image/)
  })

  it('confines a service as it does a container', async () => {
    const { id } = await dynos.start(
      spec('inmate', 'id -u; cat /proc/self/status; cat /sys/fs/cgroup/pids/pids.max || cat /sys/fs/cgroup/pids.max'),
    )
    await ended(id)
    const said = (await dynos.lastLines(id, 100)).join('\n')
    expect(said).toMatch(/^20000$/m)
    expect(said).toMatch(/CapBnd:\t0+$/m)
    expect(said).toMatch(/NoNewPrivs:\t1$/m)
    expect(said).toMatch(/Seccomp:\t2$/m)
    expect(said).toMatch(/^32$/m)
    await dynos.remove(id)
  })

  it('hands variables over as they are, though Swarm has templates', async () => {
    const env = { A: '{{.Node.Hostname}}', B: '{{{', C: '{{ not a template', D: 'a "b" }} \\n $HOME' }
    const { id } = await dynos.start(spec('literal', 'env', { env }))
    await ended(id)
    const said = await dynos.lastLines(id, 100)
    for (const [name, value] of Object.entries(env)) expect(said).toContain(`${name}=${value}`)
    await dynos.remove(id)
  })

  it('lets the dynos of one app reach each other, and no other app', async () => {
    const victim = await dynos.start(spec('victim', WEB))
    const [container] = await engine.docker.listContainers({ filters: { label: ['paas.app=id-of-victim'] } })
    const overlay = container!.NetworkSettings.Networks[overlayName(engine, 'id-of-victim')]!.IPAddress
    const probe = (address: string) => `nc -w 2 ${address} 8080 </dev/null >/dev/null 2>&1 && echo open || echo closed`
    const friend = await dynos.start(spec('victim', probe(overlay), { type: 'friend' }))
    await ended(friend.id)
    expect(await dynos.lastLines(friend.id, 1)).toEqual(['open'])
    const stranger = await dynos.start(spec('stranger', probe(victim.address!)))
    await ended(stranger.id)
    expect(await dynos.lastLines(stranger.id, 1)).toEqual(['closed'])
    for (const { id } of [victim, friend, stranger]) await dynos.remove(id)
  })

  it('gives a one-off its terminal in the same network', async () => {
    expect(await converse(dynos, 'over the wire\n')).toEqual({ said: 'over the wire\n', code: 9 })
  })

  it('runs a command in a service, confined as that is, and ends all of it', async () => {
    const { id } = await dynos.start(spec('entered', WEB, { env: { GREETING: 'hi' } }))
    const enter = (execId: string, command: string) => dynos.exec(id, { execId, image: IMAGE, command, env: {}, tty: false })
    const one = await enter('first', 'id -u; echo $GREETING; cat /proc/self/status; cat; exit 9')
    one.stdin.end('over the wire\n')
    const said = await text(one.stdout)
    expect(said).toMatch(/^20000\nhi\n/)
    expect(said).toMatch(/CapBnd:\t0+$/m)
    expect(said).toMatch(/NoNewPrivs:\t1$/m)
    expect(said).toMatch(/^over the wire$/m)
    expect(await one.exitCode()).toBe(9)
    const stubborn = await enter('second', 'trap "" HUP; echo in; sleep 1000 & sleep 1000')
    let heard = ''
    stubborn.stdout.on('data', (chunk) => (heard += chunk))
    await until('it runs', () => heard === 'in\n')
    await dynos.endExec(id, 'second')
    expect(await stubborn.exitCode()).toBe(137)
    await dynos.remove(id)
    await expect(enter('third', 'true')).rejects.toThrow(/does not run/)
    await dynos.endExec(id, 'third')
  })
})
