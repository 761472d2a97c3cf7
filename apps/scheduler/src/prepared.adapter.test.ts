// A push's dynos are started into networks that were made ready, and nothing of those stays behind.
import { listHolders } from '@paas/engine/network-holder'
import { listAppNetworks } from '@paas/engine/networks'
import { createLog } from '@paas/service/log'
import { wake } from '@paas/store/wakes'
import { engineKind } from '@paas/testing/engine'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SchedulerSettings } from './deps.ts'
import type { Fleet, Member } from './fleet.ts'
import type { Placer } from './placer.ts'
import { type Fixture, openFixture } from './platform.fixture.ts'
import { PreparedNetworks } from './prepared.ts'

const WEB = 'trap "exit 0" TERM; httpd -f -p $PORT -h /app/www & wait'
let place: Fixture

beforeAll(async () => {
  place = await openFixture()
  await place.start()
})
afterAll(() => place?.close())

// A swarm makes each task's network itself, and nothing can be made ready for it.
it.skipIf(engineKind() === 'swarm')(
  'uses the prepared network for the next release, prepares another, and removes each with its dyno',
  async () => {
    const { store, engine } = place
    const appId = await place.makeApp('pushed', { web: 1 })
    const released = async () => {
      const id = await place.release(appId, { web: WEB })
      await until('release succeeds', () => store.db.release.findFirst({ where: { id, status: 'succeeded' } }))
    }
    await released()
    expect(await listHolders(engine, appId)).toEqual([])

    await wake(store.db, 'push', appId)
    const [holder] = await until('prepared', async () => {
      const all = await listHolders(engine, appId)
      return all.length > 0 && all
    })
    await released()
    await until('used', async () => (await listHolders(engine, appId)).some(({ id, used }) => id === holder!.id && used))
    const address = place.table.get(appId)?.dynos[0]?.address
    expect((await fetch(`http://${address}:8080/`)).status).toBeGreaterThan(0)
    await until('the next is ready', async () => (await listHolders(engine, appId)).some(({ id }) => id !== holder!.id))

    await store.db.formation.updateMany({ where: { appId }, data: { quantity: 0 } })
    await wake(store.db, 'app', appId)
    await until('gone with its dyno', async () => (await listHolders(engine, appId)).every(({ id }) => id !== holder!.id))

    await store.db.app.update({ where: { id: appId }, data: { destroyedAt: new Date(), name: `~${appId}` } })
    await wake(store.db, 'app', appId)
    await until('erased', async () => (await listAppNetworks(engine)).every((network) => network.appId !== appId))
    expect(await listHolders(engine, appId)).toEqual([])
  },
)

it.skipIf(engineKind() === 'swarm')('keeps a network that was given away before it was ready', async () => {
  const { store, dynos } = place
  const appId = await place.makeApp('hurried', { web: 1 })
  const id = await place.release(appId, { web: WEB })
  await until('release succeeds', () => store.db.release.findFirst({ where: { id, status: 'succeeded' } }))
  await place.stop() // whose own sweeps know nothing of these
  const started = Promise.withResolvers<void>()
  const told = Promise.withResolvers<void>()
  const late: typeof dynos.prepareNetwork = async (app) => {
    const holder = await dynos.prepareNetwork(app)
    started.resolve()
    await told.promise
    return holder
  }
  const member = { host: { id: 'here', name: 'local' }, dynos: { ...dynos, prepareNetwork: late } } as Member
  const fleet = { all: () => [member], answering: () => [member], isAlone: () => true, local: () => member } as unknown as Fleet
  const prepared = new PreparedNetworks({
    store,
    log: createLog('test', 'silent'),
    fleet,
    placer: {} as Placer,
    settings: {} as SchedulerSettings,
  })
  await prepared.prepare(appId)
  const taking = prepared.take(appId, 'here')
  await started.promise
  const sweeping = prepared.sweep()
  told.resolve()
  const holder = await taking
  await sweeping
  expect((await dynos.listPrepared(appId)).map((one) => one.id)).toEqual([holder!.id])
  await dynos.remove(holder!.id)
})
