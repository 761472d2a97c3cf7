import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openEngine } from '@paas/engine/client'
import { createLog } from '@paas/service/log'
import { changeHost, listHosts } from '@paas/store/hosts'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Scheduler } from './deps.ts'
import { Fleet } from './fleet.ts'
import { watchHost } from './host-watch.ts'
import { type Fixture, openFixture } from './platform.fixture.ts'

/** Well below the deadline of a question to an engine, and below the pause between the first two looks: 15 s both. */
const SEEN_MS = 8_000

let place: Fixture
beforeAll(async () => {
  place = await openFixture()
})
afterAll(() => place?.close())

/** The platform's own host, with an engine that only answers what is said here. */
async function watch(answers: Record<string, unknown>) {
  const asked: string[] = []
  const server = createServer(({ url }, response) => {
    const what = url!.split('/').at(-1)!
    asked.push(what)
    response.setHeader('connection', 'close')
    const answer = { _ping: 'OK', version: { ApiVersion: '1.41', MinAPIVersion: '1.12' }, ...answers }[what]
    if (answer !== undefined) response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const dockerHost = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
  const engine = openEngine({ dockerHost, namePrefix: 'watched', cgroupParent: '', appSubnet: '10.98.0.0/16' })
  const fleet = new Fleet({ ...place, engine })
  await fleet.refresh()
  const { id } = fleet.local().host
  fleet.local().dynos.watch = (_onChange, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
  const log = createLog('test', 'silent')
  const scheduler = { ...place, fleet, log, placer: { refresh: async () => {} }, look: () => {} } as unknown as Scheduler
  const abort = new AbortController()
  const watching = watchHost(scheduler, id, abort.signal)
  return {
    ...{ asked, server, fleet, id },
    row: async () => (await listHosts(place.store)).find((host) => host.id === id)!,
    async [Symbol.asyncDispose]() {
      abort.abort()
      server.close()
      server.closeAllConnections()
      await watching
    },
  }
}

it('sees an engine go while it is waited for with another question', async () => {
  await using watched = await watch({})
  await until('it is asked for its facts', () => watched.asked.includes('info'))
  watched.server.close() // who is connected stays so
  await until('it is seen', async () => (await watched.row()).condition === 'sick', SEEN_MS)
  expect(watched.asked.filter((what) => what === 'info')).toHaveLength(1)
})

it('looks again soon at a disk that somebody else has found full', async () => {
  await using watched = await watch({ info: { ServerVersion: '28.0.0', MemTotal: 2 ** 34, NCPU: 2 } })
  await until('it has told once', async () => ((await watched.row()).diskFree ?? 0) > 0)
  await changeHost(place.store, watched.id, { diskFree: 0 })
  await watched.fleet.refresh()
  await until('it has room', async () => ((await watched.row()).diskFree ?? 0) > 0, SEEN_MS)
})
