import { afterAll, beforeAll, expect, it } from 'vitest'
import { Fleet } from './fleet.ts'
import { type Fixture, openFixture } from './platform.fixture.ts'

let place: Fixture
beforeAll(async () => {
  place = await openFixture()
})
afterAll(() => place?.close())

it('has nowhere else to go while no other host has joined', async () => {
  const fleet = new Fleet(place)
  const alone = async () => {
    await fleet.refresh()
    return fleet.isAlone()
  }
  expect(await alone()).toBe(true)
  const where = { name: 'h2' }
  await place.store.db.host.create({ data: { ...where, number: 2, engineUrl: 'tcp://192.0.2.7:2376' } })
  for (const [condition, expected] of [
    ['joining', true],
    ['failed', true],
    ['up', false],
    ['sick', false],
    ['lost', false],
  ] as const) {
    await place.store.db.host.update({ where, data: { condition } })
    expect(await alone(), condition).toBe(expected)
  }
})
