import { connect } from 'node:tls'
import { wake } from '@paas/store/wakes'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFrameDecoder, encodeFrame, FrameType } from './frames.ts'
import { type Fixture, issueCertificate, openFixture } from './platform.fixture.ts'

const WEB = 'trap "exit 0" TERM; httpd -f -p $PORT -h /app/www & wait'
let place: Fixture

beforeAll(async () => {
  place = await openFixture()
  await place.start()
})
afterAll(() => place?.close())

const statusOf = (id: string) => place.store.db.release.findUniqueOrThrow({ where: { id } })
const ended = (id: string) =>
  until('release ends', async () => {
    const row = await statusOf(id)
    return row.status === 'pending' ? undefined : row
  })
const containers = (appId: string) => place.dynos.list({ appId })
const dynosOf = (appId: string) =>
  place.table
    .get(appId)
    ?.dynos.map(({ name }) => name)
    .sort() ?? []
const look = (appId: string) => wake(place.store.db, 'app', appId)

describe('the scheduler', () => {
  it('brings a release up, replaces it by the next without a gap, and removes what is left', async () => {
    const appId = await place.makeApp('shop', { web: 2 })
    const first = await place.release(appId, { web: WEB }, { config: { GREETING: 'hi' } })
    expect(await ended(first)).toMatchObject({ status: 'succeeded' })
    await until('both serve', () => dynosOf(appId).join() === 'web.1,web.2')
    const [dyno] = place.table.get(appId)!.dynos
    expect(await (await fetch(`http://${dyno!.address}:${dyno!.port}/`)).text()).toBe('hello\n')
    expect(place.lines).toContain('heroku[web.1]: State changed from starting to up')
    const seen = new Set<number>()
    const gaps = setInterval(() => seen.add(dynosOf(appId).length), 1)
    const second = await place.release(appId, { web: WEB })
    expect(await ended(second)).toMatchObject({ status: 'succeeded' })
    await until('old ones are gone', async () => (await containers(appId)).length === 2)
    clearInterval(gaps)
    expect([...seen]).toEqual([2])
    expect(place.lines).toContain('heroku[web.1]: Stopping all processes with SIGTERM')
    expect(place.lines.filter((line) => line.includes('R12'))).toEqual([])
  })

  it('fails a release whose dyno exits, shows its last lines, and lets the old one serve', async () => {
    const appId = await place.makeApp('broken', { web: 1 })
    await ended(await place.release(appId, { web: WEB }))
    await until('serves', () => dynosOf(appId).length === 1)
    const before = place.table.get(appId)!.dynos[0]!.id
    const row = await ended(await place.release(appId, { web: 'echo no database; exit 3' }))
    expect(row).toMatchObject({ status: 'failed', failureCode: 'boot_failed' })
    expect(row.failureMessage).toMatch(/exited with status 3[\s\S]*no database/)
    expect(place.table.get(appId)!.dynos.map(({ id }) => id)).toEqual([before])
    await until('only the old one runs', async () => (await containers(appId)).length === 1)
  })

  it('fails a release that does not bind, with R10, and one whose health path answers 404', async () => {
    const appId = await place.makeApp('silent', { web: 1 })
    const row = await ended(await place.release(appId, { web: 'sleep 1000' }))
    expect(row.failureMessage).toContain('R10')
    expect(place.lines.some((line) => line.startsWith('heroku[web.1]: Error R10 (Boot timeout) -> Web process failed'))).toBe(
      true,
    )
    const unhealthy = await ended(await place.release(appId, { web: WEB }, { healthPath: '/up' }))
    expect(unhealthy.failureMessage).toContain('GET /up did not answer 2xx within 4 seconds (404)')
    await until('nothing serves', () => place.table.get(appId)?.state === 'blank')
  })

  it('says why a dyno waits for a place, also when that changes, and gives it its whole boot time after that', async () => {
    const appId = await place.makeApp('patient', { web: 1 })
    const { db } = place.store
    const { memoryMiB } = await db.host.findFirstOrThrow()
    const turn = async (data: { cordoned?: boolean; memoryMiB?: number | null }) => {
      await db.host.updateMany({ data })
      await wake(db, 'host', '')
    }
    const waits = (reason: string) =>
      until('it says so', () => db.dyno.findFirst({ where: { appId, reason: { startsWith: `waiting: ${reason}` } } }))
    await turn({ cordoned: true })
    const id = await place.release(appId, { web: WEB })
    await waits('every host is cordoned')
    await turn({ cordoned: false, memoryMiB: 1 })
    await waits('no host has 512 MB free')
    await db.dyno.updateMany({ where: { appId }, data: { stateSince: new Date(Date.now() - 3_600_000) } })
    await turn({ memoryMiB })
    expect(await ended(id)).toMatchObject({ status: 'succeeded' })
  })

  it('runs the release phase first; a failing one keeps the new code away', async () => {
    const appId = await place.makeApp('phased', { web: 1, worker: 1 })
    expect(await ended(await place.release(appId, { web: WEB, worker: 'sleep 1000', release: 'echo ok' }))).toMatchObject({
      status: 'succeeded',
      phaseDone: true,
    })
    await until('worker runs', () => place.store.db.dyno.findFirst({ where: { appId, type: 'worker', state: 'up' } }))
    const row = await ended(await place.release(appId, { web: WEB, release: 'echo migration broke; exit 9' }))
    expect(row).toMatchObject({ status: 'failed', failureCode: 'release_failed' })
    expect(row.failureMessage).toMatch(/status 9[\s\S]*migration broke/)
  })

  it('restarts a crashed dyno, scales, stops one on a wish, and survives its own restart', async () => {
    const appId = await place.makeApp('lively', { web: 2 })
    await ended(await place.release(appId, { web: WEB }))
    await until('both serve', () => dynosOf(appId).length === 2)
    const victim = (await containers(appId)).find(({ dynoName }) => dynoName === 'web.2')!
    await place.dynos.kill(victim.id)
    await until('a new web.2 serves', async () => {
      const facts = await containers(appId)
      return dynosOf(appId).length === 2 && facts.filter(({ state }) => state === 'running').length === 2
    })
    expect(place.lines).toContain('heroku[web.2]: Process exited with status 137')
    const running = (await containers(appId))
      .filter(({ state }) => state === 'running')
      .map(({ id }) => id)
      .sort()
    await place.stop()
    await place.start()
    await until('table again', () => dynosOf(appId).length === 2)
    expect(
      (await containers(appId))
        .filter(({ state }) => state === 'running')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(running)
    await place.store.db.dyno.updateMany({ where: { appId, number: 1, state: 'up' }, data: { wish: 'restart' } })
    await look(appId)
    await until('web.1 is another one', async () => {
      const now = (await containers(appId)).filter(({ state }) => state === 'running').map(({ id }) => id)
      return now.length === 2 && now.filter((id) => running.includes(id)).length === 1
    })
    await place.store.db.formation.updateMany({ where: { appId }, data: { quantity: 0 } })
    await look(appId)
    await until('none runs', async () => (await containers(appId)).length === 0)
    expect(place.table.get(appId)).toMatchObject({ state: 'no-web' })
  })

  it('removes everything of a destroyed app', async () => {
    const appId = await place.makeApp('doomed', { web: 1 })
    await ended(await place.release(appId, { web: WEB }))
    await place.store.db.app.update({ where: { id: appId }, data: { destroyedAt: new Date(), name: `~${appId}` } })
    await look(appId)
    await until('the row is gone', async () => (await place.store.db.app.findUnique({ where: { id: appId } })) === null)
    expect(await containers(appId)).toEqual([])
    expect(place.table.has(appId)).toBe(false)
  })
})

describe('attached dynos', () => {
  it('speaks frames with our CLI: output, stderr, input to its end, exit status', async () => {
    const appId = await place.makeApp('console', { web: 0 })
    await ended(await place.release(appId, { web: WEB }))
    const { socket, secret, id } = await place.attach(appId, 'cat; echo oops >&2; exit 7')
    socket.write(`${secret} paas/1\r\n`)
    const decode = createFrameDecoder()
    const heard = { out: '', err: '', code: undefined as number | undefined, greeting: '' }
    socket.on('data', (chunk: Buffer) => {
      if (heard.greeting === '') {
        heard.greeting = chunk.toString()
        socket.write(encodeFrame(FrameType.data, Buffer.from('ping')))
        socket.write(encodeFrame(FrameType.eof, Buffer.alloc(0)))
        return
      }
      for (const { type, payload } of decode(chunk)) {
        if (type === FrameType.data) heard.out += payload
        if (type === FrameType.stderr) heard.err += payload
        if (type === FrameType.exit) heard.code = JSON.parse(payload.toString()).code
      }
    })
    await until('exit status', () => heard.code !== undefined)
    expect(heard).toEqual({ greeting: 'rendezvous\r\n', out: 'ping', err: 'oops\n', code: 7 })
    expect(await place.store.db.dyno.findUnique({ where: { id } })).toMatchObject({ state: 'down', exitCode: 7 })
    await until('no container', async () => (await containers(appId)).length === 0)
  })

  it("speaks Heroku's raw bytes: greeting alone, 0x04 ends input, the status marker in one piece", async () => {
    const appId = (await place.store.db.app.findUniqueOrThrow({ where: { name: 'console' } })).id
    const { socket, secret } = await place.attach(appId, 'cat; exit 3 ; echo never')
    const chunks: string[] = []
    socket.on('data', (chunk) => {
      chunks.push(chunk.toString())
      if (chunks.length === 1) socket.write('line one\n\x04')
    })
    socket.write(`${secret}\r\n`)
    await new Promise((resolve) => socket.once('close', resolve))
    expect(chunks[0]).toBe('rendezvous\r\n')
    expect(chunks.slice(1).join('')).toBe('line one\n')
  })

  it('gives a terminal of the size that was asked for, and takes the dyno away with its client', async () => {
    const appId = (await place.store.db.app.findUniqueOrThrow({ where: { name: 'console' } })).id
    const { socket, secret, id } = await place.attach(appId, 'sleep 1; stty size; sleep 1000', true)
    let heard = ''
    socket.on('data', (chunk) => (heard += chunk))
    socket.write(`${secret}\r\n`)
    await until('size', () => heard.includes('31 91'))
    socket.destroy()
    await until('ended', () => place.store.db.dyno.findFirst({ where: { id, state: 'down' } }))
    await until('no container', async () => (await containers(appId)).length === 0)
  })

  it('takes a new certificate without a restart', async () => {
    const nameShown = () =>
      new Promise<unknown>((resolve) => {
        const socket = connect({ host: '127.0.0.1', port: place.settings.rendezvousPort, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().subject.CN)
          socket.destroy()
        }).on('error', resolve)
      })
    expect(await nameShown()).toBe('localhost')
    issueCertificate(place.settings, 'renewed')
    await until('the new one is shown', async () => (await nameShown()) === 'renewed')
  })

  it('says nothing to a stranger', async () => {
    const socket = connect({ host: '127.0.0.1', port: place.settings.rendezvousPort, rejectUnauthorized: false })
    let heard = ''
    socket.on('data', (chunk) => (heard += chunk))
    socket.write('guess\r\n')
    await new Promise((resolve) => socket.once('close', resolve))
    expect(heard).toBe('')
  })
})
