// One client and its one-off dyno, from the secret to the exit status.
import type { TLSSocket } from 'node:tls'
import type { AttachedDyno } from '@paas/engine/attach'
import { sizeOf } from '@paas/engine/terminal'
import { pause } from '@paas/service/wait'
import { changeDyno, findDynoOrder } from '@paas/store/dynos'
import { lines, say } from './app-lines.ts'
import type { Scheduler } from './deps.ts'
import { openFramed, openRaw } from './dialects.ts'
import { end } from './dyno-end.ts'
import { dynoSpec } from './dyno-spec.ts'
import { GREETING, GREETING_ALONE_MS, joinClient } from './join-client.ts'
import { findPlace } from './places.ts'

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
  const { tty, env } = order.dyno
  const size = tty ? sizeOf(env) : undefined
  let dyno: AttachedDyno | undefined
  try {
    socket.write(GREETING)
    const greeted = pause(GREETING_ALONE_MS)
    await scheduler.hostImages.ensure(fleet.get(hostId)!, { appId, image: order.slug.image })
    dyno = await fleet.dynosOf(hostId).attach({ ...dynoSpec(order, settings.stopGraceMs), attached: { tty, size } })
    const { containerId } = dyno
    await changeDyno(store, { appId, id, from: ['starting'] }, { containerId })
    await greeted
    signal.throwIfAborted()
    const dialect = client.framed ? openFramed(socket) : openRaw(socket, tty)
    say(logs, appId, name, lines.starting(order.dyno.command))
    const joined = joinClient(dyno, socket, dialect, signal)
    joined.catch(() => {}) // awaited below, after the start
    await dyno.start()
    await changeDyno(store, { appId, id, from: ['starting'] }, { state: 'up' })
    say(logs, appId, name, lines.changed('starting', 'up'))
    if ((await joined) !== 'ended') await dyno.kill()
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
