// How dynos end, and what the app's log says of it.
import { wake } from '@paas/store/wakes'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Fixture, openFixture } from './platform.fixture.ts'

const WEB = 'trap "exit 0" TERM; httpd -f -p $PORT -h /app/www & wait'
let place: Fixture

beforeAll(async () => {
  place = await openFixture()
  await place.start()
})
afterAll(() => place?.close())
beforeEach(() => void place.lines.splice(0))

const said = (line: string) => until(line, () => place.lines.includes(line))
const look = (appId: string) => wake(place.store.db, 'app', appId)
const released = (id: string) =>
  until('release succeeds', () => place.store.db.release.findFirst({ where: { id, status: 'succeeded' } }))

it('kills a dyno that ignores SIGTERM when its grace time is over, and says R12', async () => {
  const appId = await place.makeApp('stubborn', { web: 1 })
  await released(
    await place.release(appId, { web: 'trap "" TERM; httpd -f -p $PORT -h /app/www & while true; do sleep 1; done' }),
  )
  await place.store.db.formation.updateMany({ where: { appId }, data: { quantity: 0 } })
  const began = Date.now()
  await look(appId)
  await said('heroku[web.1]: Process exited with status 137')
  expect(Date.now() - began).toBeGreaterThanOrEqual(place.settings.stopGraceMs - 50)
  expect(place.lines).toContain('heroku[web.1]: Stopping all processes with SIGTERM')
  expect(place.lines.some((line) => line.startsWith('heroku[web.1]: Error R12 (Exit timeout)'))).toBe(true)
})

it('says R15 when the kernel ended a dyno for its memory, and starts it again', async () => {
  const appId = await place.makeApp('greedy', { worker: 0 })
  // A string that doubles in the shell's own memory.
  const hog = 'a=0123456789abcdef; while true; do a=$a$a; done'
  await released(await place.release(appId, { worker: hog }))
  await place.store.db.formation.updateMany({ where: { appId }, data: { quantity: 1 } })
  await look(appId)
  await said('heroku[worker.1]: Error R15 (Memory quota vastly exceeded)')
  await until('tried again', () => place.lines.filter((line) => line.includes('worker.1]: Starting process')).length >= 2)
  await place.store.db.formation.updateMany({ where: { appId }, data: { quantity: 0 } })
  await look(appId)
})

it('stops a dyno that has written more than it may, says so, and starts it again', async () => {
  const appId = await place.makeApp('scribbler', { worker: 0 })
  const scribble = 'dd if=/dev/zero of=/tmp/big bs=1048576 count=20; sleep 1000'
  await released(await place.release(appId, { worker: scribble }))
  await place.store.db.formation.updateMany({ where: { appId }, data: { quantity: 1 } })
  await look(appId)
  const written = 'heroku[worker.1]: Disk quota exceeded -> Process has written 20 MiB of files, more than the 8 MiB a dyno may'
  await said(written)
  const crashed = await until('crashed', () => place.store.db.dyno.findFirst({ where: { appId, crashes: 1, exitCode: 137 } }))
  expect(crashed.reason).toMatch(/^disk quota exceeded/)
  await until('tried again', () => place.lines.filter((line) => line.includes('worker.1]: Starting process')).length >= 2)
  await place.store.db.formation.updateMany({ where: { appId }, data: { quantity: 0 } })
  await look(appId)
})

it('runs a detached one-off to its end and keeps its exit code', async () => {
  const appId = await place.makeApp('chores', { web: 0 })
  const releaseId = await place.release(appId, { web: WEB })
  await released(releaseId)
  const { id } = await place.store.db.dyno.create({ data: { appId, releaseId, type: 'run', number: 1001, command: 'exit 4' } })
  await look(appId)
  await until('it ended', () => place.store.db.dyno.findFirst({ where: { id, state: 'down', exitCode: 4 } }))
  await said('heroku[run.1001]: State changed from up to down') // the row is written first
  expect(place.lines.filter((line) => line.includes('run.1001'))).toEqual([
    'heroku[run.1001]: Starting process with command `exit 4`',
    'heroku[run.1001]: State changed from starting to up',
    'heroku[run.1001]: Process exited with status 4',
    'heroku[run.1001]: State changed from up to down',
  ])
  await until('its container is removed', async () => (await place.dynos.list({ appId })).length === 0)
})

it('goes on with a deploy that another scheduler began, and adopts what a restored database does not know', async () => {
  const appId = await place.makeApp('handed', { web: 1 })
  const releaseId = await place.release(appId, { web: `sleep 1; ${WEB}` })
  await until('it starts', () => place.store.db.dyno.findFirst({ where: { releaseId, containerId: { not: null } } }))
  await place.stop()
  const [before] = await place.dynos.list({ appId })
  await place.start()
  await released(releaseId)
  expect((await place.dynos.list({ appId })).map(({ id }) => id)).toEqual([before!.id])
  await place.store.db.dyno.deleteMany({ where: { appId } })
  await look(appId)
  await until('it serves again', () => place.store.db.dyno.findFirst({ where: { appId, state: 'up' } }))
  expect((await place.dynos.list({ appId })).map(({ id }) => id)).toEqual([before!.id])
  expect(await place.store.db.dyno.findMany({ where: { appId } })).toMatchObject([
    { id: before!.dynoId, containerId: before!.id },
  ])
})

it('says why a dyno could not be started', async () => {
  const appId = await place.makeApp('imageless', { web: 1 })
  const releaseId = await place.release(appId, { web: WEB })
  const release = await place.store.db.release.findUniqueOrThrow({ where: { id: releaseId } })
  await released(releaseId)
  await place.store.db.slug.update({ where: { id: release.slugId! }, data: { image: 'tplace/gone:1' } })
  await place.store.db.formation.updateMany({ where: { appId }, data: { quantity: 2 } })
  await look(appId)
  await until('it says so', () => place.lines.some((line) => /^heroku\[web.2\]: Failed to start: .*No such image/.test(line)))
  expect(place.table.get(appId)).toMatchObject({ state: 'serving' })
})
