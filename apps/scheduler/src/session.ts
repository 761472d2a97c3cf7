// One client and its one-off dyno, from the secret to the exit status.
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { AttachedDyno } from '@paas/engine/attach'
import { pause } from '@paas/service/wait'
import { changeDyno, findDynoOrder } from '@paas/store/dynos'
import { lines, say } from './app-lines.ts'
import type { Scheduler } from './deps.ts'
import { type Dialect, openFramed, openRaw } from './dialects.ts'
import { end } from './dyno-end.ts'
import { dynoSpec } from './dyno-spec.ts'
import { findPlace } from './places.ts'

const GREETING = 'rendezvous\r\n'
/** Heroku's CLI throws its first chunk away: the greeting must have arrived before anything else is sent. */
const GREETING_ALONE_MS = 20
const IDLE_MS = 60 * 60_000

/** Starts the dyno for this client and joins them until one of them ends. Removes the container. */
export async function serveSession(
  scheduler: Scheduler,
  { appId, id }: { appId: string; id: string },
  client: { socket: TLSSocket; framed: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { store, fleet, logs, settings } = scheduler
  const { socket } = client
  const order = await findDynoOrder(store, { appId, id })
  const hostId = order && (await findPlace(scheduler, order))
  if (!order || !hostId) return // its client hears of it: the connection ends
  const name = `${order.dyno.type}.${order.dyno.number}`
  const { tty } = order.dyno
  let dyno: AttachedDyno | undefined
  try {
    socket.write(GREETING)
    const greeted = pause(GREETING_ALONE_MS)
    await scheduler.hostImages.ensure(fleet.get(hostId)!, { appId, image: order.slug.image })
    dyno = await fleet.dynosOf(hostId).attach({ ...dynoSpec(order, settings.stopGraceMs), attached: { tty } })
    const { containerId } = dyno
    await changeDyno(store, { appId, id, from: ['starting'] }, { containerId })
    await greeted
    signal.throwIfAborted()
    const dialect = client.framed ? openFramed(socket) : openRaw(socket, tty)
    say(logs, appId, name, lines.starting(order.dyno.command))
    const joined = join(dyno, socket, dialect, signal)
    await dyno.start()
    await changeDyno(store, { appId, id, from: ['starting'] }, { state: 'up' })
    say(logs, appId, name, lines.changed('starting', 'up'))
    const { COLUMNS, LINES } = order.dyno.env
    if (tty && Number(COLUMNS) > 0 && Number(LINES) > 0) await dyno.resize({ cols: Number(COLUMNS), rows: Number(LINES) })
    await joined
    const code = await dyno.exitCode()
    await end(scheduler, appId, id, { containerId })
    await dialect.exit(code)
  } catch (error) {
    await end(scheduler, appId, id, { containerId: dyno?.containerId, reason: 'R13 attach failed' })
    throw error
  } finally {
    socket.end()
    await dyno?.remove()
  }
}

/** Resolves when all output was handed to the client, or the client is gone and the dyno with it. */
async function join(dyno: AttachedDyno, socket: TLSSocket, dialect: Dialect, signal: AbortSignal): Promise<void> {
  const kill = () => void dyno.kill().catch(() => {})
  const touch = () => idle.refresh()
  const idle = setTimeout(kill, IDLE_MS)
  socket.on('data', (chunk: Buffer) => {
    touch()
    try {
      dialect.hear(chunk, {
        input(bytes) {
          if (!dyno.stdin.writable || dyno.stdin.write(bytes)) return
          socket.pause()
          dyno.stdin.once('drain', () => socket.resume())
        },
        endOfInput: () => void dyno.stdin.end(),
        resize: (size) => void dyno.resize(size).catch(() => {}),
      })
    } catch {
      socket.destroy() // not our frames
    }
  })
  socket.on('close', kill)
  signal.addEventListener('abort', kill)
  if (socket.destroyed || signal.aborted) kill()
  socket.resume()
  try {
    await Promise.all([
      carry(dyno.stdout, 'stdout', socket, dialect, touch),
      carry(dyno.stderr, 'stderr', socket, dialect, touch),
    ])
  } finally {
    clearTimeout(idle)
    socket.off('close', kill)
    signal.removeEventListener('abort', kill)
  }
}

async function carry(from: Readable, which: 'stdout' | 'stderr', socket: TLSSocket, dialect: Dialect, touch: () => void) {
  for await (const chunk of from as AsyncIterable<Buffer>) {
    touch()
    if (socket.destroyed || dialect.output(chunk, which)) continue
    await new Promise<void>((resolve) => {
      const go = () => {
        socket.off('drain', go).off('close', go)
        resolve()
      }
      socket.on('drain', go).on('close', go)
    })
  }
}
