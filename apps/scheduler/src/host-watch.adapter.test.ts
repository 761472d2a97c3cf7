import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openEngine } from '@paas/engine/client'
import { createLog } from '@paas/service/log'
import { listHosts } from '@paas/store/hosts'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Scheduler } from './deps.ts'
import { Fleet } from './fleet.ts'
import { watchHost } from './host-watch.ts'
import { type Fixture, openFixture } from './platform.fixture.ts'

/** Well below the deadline of a question to an engine, which is 15 s. */
const SEEN_MS = 8_000

let place: Fixture
beforeAll(async () => {
  place = await openFixture()
})
afterAll(() => place?.close())

it('sees an engine go while it is waited for with another question', async () => {
  const asked: string[] = []
  const server = createServer(({ url }, response) => {
    asked.push(url!)
    response.setHeader('connection', 'close')
    if (url!.endsWith('/_ping')) response.end('OK')
    if (url!.endsWith('/version')) response.end(JSON.stringify({ ApiVersion: '1.41', MinAPIVersion: '1.12' }))
    // and nothing else is ever answered
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const dockerHost = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
  const engine = openEngine({ dockerHost, namePrefix: 'watched', cgroupParent: '', appSubnet: '10.98.0.0/16' })
  const fleet = new Fleet({ ...place, engine })
  await fleet.refresh()
  const { id } = fleet.local().host
  fleet.local().dynos.watch = (_onChange, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
  const scheduler = {
    ...place,
    fleet,
    log: createLog('test', 'silent'),
    placer: { refresh: async () => {} },
    look: () => {},
  } as unknown as Scheduler
  const abort = new AbortController()
  const watching = watchHost(scheduler, id, abort.signal)
  try {
    await until('it is asked for its facts', () => asked.some((url) => url.endsWith('/info')))
    server.close() // who is connected stays so
    const condition = async () => (await listHosts(place.store)).find((host) => host.id === id)!.condition
    await until('it is seen', async () => (await condition()) === 'sick', SEEN_MS)
    expect(asked.filter((url) => url.endsWith('/info'))).toHaveLength(1)
  } finally {
    abort.abort()
    server.closeAllConnections()
    await watching
  }
})
