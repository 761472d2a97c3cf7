// What a dyno must not be able to do, tried from inside one.
import { createServer, type Server } from 'node:net'
import { engineKind } from '@paas/testing/engine'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Fixture, openFixture } from './platform.fixture.ts'

const WEB = 'trap "exit 0" TERM; httpd -f -p $PORT -h /app/www & wait'
let place: Fixture
let listener: Server
let appId: string
let neighbour: string

beforeAll(async () => {
  place = await openFixture()
  listener = createServer((socket) => socket.end('internal')).listen(0, '0.0.0.0')
  await place.start()
  appId = await place.makeApp('inmate', { web: 0 })
  await place.release(appId, { web: WEB }, { config: { SECRET: 'a b\n"c"' } })
  neighbour = await place.makeApp('neighbour', { web: 1 })
  await place.release(neighbour, { web: WEB })
  await until('both are released', async () => (await place.store.db.release.count({ where: { status: 'succeeded' } })) === 2)
  await until('the neighbour serves', () => place.table.get(neighbour)?.dynos.length === 1)
})
afterAll(async () => {
  listener?.close()
  await place?.close()
})

it('runs as dyno, without capabilities or a way to new ones, under seccomp', async () => {
  const said = await place.run(appId, 'id -u; id -g; cat /proc/self/status')
  expect(said).toMatch(/^20000\n20000\n/)
  expect(said).toMatch(/CapEff:\t0+\n/)
  expect(said).toMatch(/CapBnd:\t0+\n/)
  expect(said).toMatch(/NoNewPrivs:\t1\n/)
  expect(said).toMatch(/Seccomp:\t2\n/)
})

it('gets config vars as they are, what describes it, and nothing of the platform', async () => {
  const said = await place.run(appId, 'env')
  expect(said).toContain('SECRET=a b\n"c"\n')
  expect(said).toContain('DYNO=run.1001\n')
  expect(said).toContain('HEROKU_APP_NAME=inmate\n')
  expect(said).toContain('HEROKU_RELEASE_VERSION=v1\n')
  expect(said).not.toMatch(/PAAS|DATABASE_URL|REDIS/)
})

it('reaches neither the host, nor link-local addresses, nor a neighbour', async () => {
  const port = (listener.address() as { port: number }).port
  const name = engineKind() === 'swarm' ? 'docker_gwbridge' : `${place.engine.prefix}-app-${appId}`
  const network = (await place.engine.docker.getNetwork(name).inspect()) as { IPAM: { Config: { Gateway: string }[] } }
  const gateway = network.IPAM.Config[0]!.Gateway
  const { address } = place.table.get(neighbour)!.dynos[0]!
  const probe = (target: string, at: number) => `(nc -w 2 ${target} ${at} </dev/null >/dev/null 2>&1 && echo open || echo closed)`
  const said = await place.run(appId, [probe(gateway, port), probe('169.254.169.254', 80), probe(address, 8080)].join('; '))
  expect(said).toBe('closed\nclosed\nclosed\n')
})

it('cannot start more processes than its size has, nor use more memory', async () => {
  const limits = await place.run(
    appId,
    'cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max',
  )
  expect(limits).toBe(`256\n${2 * 512 * 1024 * 1024}\n`)
})
