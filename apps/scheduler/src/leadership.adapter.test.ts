import { listContainers } from '@paas/engine/events'
import { readLeader } from '@paas/store/leadership'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Fixture, openFixture } from './platform.fixture.ts'

const WEB = 'trap "exit 0" TERM; httpd -f -p $PORT -h /app/www & wait'
let place: Fixture

beforeAll(async () => {
  place = await openFixture()
})
afterAll(() => place?.close())

it('has one of two at work, and the other take over', { timeout: 60_000 }, async () => {
  const first = await place.startAnother()
  await place.start() // stands by
  const { term } = (await readLeader(place.store))!
  const appId = await place.makeApp('shop', { web: 1 })
  const release = await place.release(appId, { web: WEB })
  const status = async () => (await place.store.db.release.findUniqueOrThrow({ where: { id: release } })).status
  await until('released by the first', async () => (await status()) === 'succeeded')
  expect(await listContainers(place.engine, { appId })).toHaveLength(1)

  await first.close()
  await until('the second leads', async () => (await readLeader(place.store))!.term === term + 1)
  const [victim] = await listContainers(place.engine, { appId })
  await place.engine.docker.getContainer(victim!.id).kill()
  await until('the second replaces what dies', async () => {
    const [dyno] = await listContainers(place.engine, { appId })
    return dyno && dyno.id !== victim!.id && dyno.state === 'running'
  })
  await until('its routers are told', () => place.table.get(appId)?.dynos.length === 1)
})
