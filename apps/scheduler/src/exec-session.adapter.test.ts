// Commands of people inside running dynos: joined like a one-off, and gone
// without a trace when they, their client, their dyno or the scheduler end.
import type { TLSSocket } from 'node:tls'
import { wake } from '@paas/store/wakes'
import { until } from '@paas/testing/wait'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createFrameDecoder, encodeFrame, FrameType } from './frames.ts'
import { type Fixture, openFixture } from './platform.fixture.ts'

const WEB = 'trap "exit 0" TERM; httpd -f -p $PORT -h /app/www & wait'
let place: Fixture
let appId: string

beforeAll(async () => {
  place = await openFixture()
  await place.start()
  appId = await place.makeApp('shop', { web: 1, worker: 1 })
  await place.release(appId, { web: WEB, worker: 'sleep 100000' }, { config: { GREETING: 'hi' } })
  await Promise.all([upOf('web'), upOf('worker')])
})
afterAll(() => place?.close())
afterEach(async () => {
  await until('no row is left', async () => (await place.store.db.exec.count()) === 0)
})

const upOf = (type: string, not?: string) =>
  until(`a ${type} is up`, () =>
    place.store.db.dyno.findFirst({ where: { appId, type, state: 'up', ...(not && { id: { not } }) } }),
  )
const look = () => wake(place.store.db, 'app', appId)

async function enter(type: string, command: string | null, { tty = false } = {}): Promise<Client> {
  const { id: dynoId } = await upOf(type)
  const { socket, secret, id } = await place.exec(appId, dynoId, command, tty)
  socket.write(`${secret} paas/1\r\n`)
  return { ...talk(socket), id, secret, dynoId }
}

/** Everything in this dyno that a `sleep` of so many seconds tells from the rest. */
async function sleepers(dynoId: string, seconds: number): Promise<number> {
  const { containerId } = await place.store.db.dyno.findUniqueOrThrow({ where: { id: dynoId } })
  const { Processes = [] } = (await place.engine.docker.getContainer(containerId!).top()) as { Processes?: string[][] }
  return Processes.filter((process) => process.join(' ').includes(`sleep ${seconds}`)).length
}

it('runs as the dyno does, with its variables, streams apart, input to its end, and its exit status', async () => {
  const client = await enter('web', 'id -u; pwd; echo $GREETING $DYNO; cat; echo oops >&2; exit 7')
  await until('its greeting', () => client.heard.greeted)
  client.send(Buffer.from('ping\n'))
  client.endInput()
  await until('its end', () => client.heard.exit)
  expect(client.heard).toMatchObject({ out: '20000\n/app\nhi web.1\nping\n', err: 'oops\n', exit: { code: 7 } })
})

it('holds it to what the dyno is held to', async () => {
  const client = await enter(
    'web',
    'cat /proc/self/status; cat /proc/1/cgroup >/tmp/one; cmp /proc/self/cgroup /tmp/one && echo same',
  )
  await until('its end', () => client.heard.exit)
  expect(client.heard.out).toMatch(/CapBnd:\t0+$/m)
  expect(client.heard.out).toMatch(/NoNewPrivs:\t1$/m)
  expect(client.heard.out).toMatch(/Seccomp:\t2$/m)
  expect(client.heard.out).toMatch(/^same$/m)
})

it('opens a shell in a terminal of the size that was asked for', async () => {
  const client = await enter('web', null, { tty: true })
  client.send(Buffer.from('stty size\n'))
  await until('its size', () => client.heard.out.includes('31 91'))
  client.resize({ cols: 100, rows: 40 })
  client.send(Buffer.from('until stty size | grep "40 100"; do sleep 0.1; done; exit 3\n'))
  await until('its end', () => client.heard.exit)
  expect(client.heard.out).toContain('40 100')
  expect(client.heard.exit).toEqual({ code: 3 })
})

it('takes Ctrl-C as a terminal does', async () => {
  const client = await enter('web', 'echo in; sleep 1000', { tty: true })
  await until('it runs', () => client.heard.out.includes('in'))
  client.send(Buffer.from([0x03]))
  await until('its end', () => client.heard.exit)
  expect(client.heard.exit).toEqual({ code: 130 })
})

it('lets a secret in once, and a minute long', async () => {
  const client = await enter('web', 'cat')
  await until('its greeting', () => client.heard.greeted)
  const { id: dynoId } = await upOf('web')
  const again = (await place.exec(appId, dynoId, 'cat')).socket
  again.write(`${client.secret} paas/1\r\n`)
  await until('it is turned away', () => again.closed)
  client.endInput()
  await until('its end', () => client.heard.exit)
  const late = await place.exec(appId, dynoId, 'cat')
  await place.store.db.exec.updateMany({ data: { createdAt: new Date(Date.now() - 61_000) } })
  late.socket.write(`${late.secret} paas/1\r\n`)
  await until('it is turned away', () => late.socket.closed)
})

it('leaves nothing in the dyno when the client goes, whatever was done to stay', async () => {
  const client = await enter('web', 'trap "" HUP; sleep 4711 & setsid sleep 4711 & sleep 4711', { tty: true })
  await until('they run', async () => (await sleepers(client.dynoId, 4711)) === 3)
  client.leave()
  await until('they are gone', async () => (await sleepers(client.dynoId, 4711)) === 0)
})

it('leaves nothing in the dyno when the command ends', async () => {
  const client = await enter('web', 'sleep 4712 & exit 0')
  await until('its end', () => client.heard.exit)
  expect(client.heard.exit).toEqual({ code: 0 })
  await until('they are gone', async () => (await sleepers(client.dynoId, 4712)) === 0)
})

it('ends with the dyno, and says what became of it', async () => {
  const stopped = await enter('worker', 'echo in; cat')
  await until('it runs', () => stopped.heard.out === 'in\n')
  await place.store.db.dyno.update({ where: { id: stopped.dynoId }, data: { wish: 'restart' } })
  await look()
  await until('its end', () => stopped.heard.exit)
  expect(stopped.heard.exit).toEqual({ code: 137, message: 'worker.1 was restarted.' })

  await upOf('worker', stopped.dynoId)
  const crashed = await enter('worker', 'echo in; cat')
  await until('it runs', () => crashed.heard.out === 'in\n')
  const { containerId } = await place.store.db.dyno.findUniqueOrThrow({ where: { id: crashed.dynoId } })
  await place.dynos.kill(containerId!)
  await until('its end', () => crashed.heard.exit)
  expect(crashed.heard.exit).toEqual({ code: 137, message: 'worker.1 has ended: exited with status 137.' })
  await upOf('worker', crashed.dynoId)
})

it('ends with the scheduler, says so, and the next one finds what was left', async () => {
  const client = await enter('web', 'echo in; sleep 4713', { tty: true })
  await until('it runs', () => client.heard.out.includes('in'))
  await place.stop()
  expect(client.heard.exit).toEqual({ code: 129, message: 'The platform is being restarted; the dyno goes on.' })
  // As of one that was killed: a row that is claimed, and its command in the dyno.
  const { id: dynoId, containerId } = await upOf('web')
  const { id } = await place.store.db.exec.create({
    data: { appId, dynoId, tty: false, attachHash: Buffer.from('left'), startedAt: new Date() },
  })
  await place.dynos.exec(containerId!, { execId: id, image: 'tplace/tiny:1', command: 'sleep 4714', env: {}, tty: false })
  await until('it runs', async () => (await sleepers(dynoId, 4714)) > 0)
  await place.start()
  await until('it is gone', async () => (await sleepers(dynoId, 4714)) === 0)
})

interface Client {
  id: string
  dynoId: string
  secret: string
  heard: { greeted: boolean; out: string; err: string; exit: { code: number; message?: string } | undefined }
  send(bytes: Buffer): void
  resize(size: { cols: number; rows: number }): void
  endInput(): void
  leave(): void
}

/** As our CLI does. */
function talk(socket: TLSSocket): Pick<Client, 'heard' | 'send' | 'resize' | 'endInput' | 'leave'> {
  const decode = createFrameDecoder()
  const heard: Client['heard'] = { greeted: false, out: '', err: '', exit: undefined }
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    if (!heard.greeted) {
      heard.greeted = true
      return
    }
    for (const { type, payload } of decode(chunk)) {
      if (type === FrameType.data) heard.out += payload
      if (type === FrameType.stderr) heard.err += payload
      if (type === FrameType.exit) heard.exit = JSON.parse(payload.toString())
    }
  })
  return {
    heard,
    send: (bytes) => socket.write(encodeFrame(FrameType.data, bytes)),
    resize: (size) => socket.write(encodeFrame(FrameType.resize, Buffer.from(JSON.stringify(size)))),
    endInput: () => socket.write(encodeFrame(FrameType.eof, Buffer.alloc(0))),
    leave: () => socket.destroy(),
  }
}
