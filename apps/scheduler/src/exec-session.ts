// One client in a running dyno (`ps:exec`), from the secret to the exit status.
// The dyno is not ours to change here: what ends is the client's command alone.
import type { TLSSocket } from 'node:tls'
import { PlatformError } from '@paas/domain/errors'
import { type ExecDyno, mayRun, type SessionEnd, tellSessionEnd } from '@paas/domain/exec'
import { ATTACH_MS } from '@paas/domain/plan-one-off'
import { sizeOf } from '@paas/engine/terminal'
import { pause } from '@paas/service/wait'
import {
  deleteExec,
  deleteExpiredExecs,
  type ExecKey,
  type ExecOrder,
  findExecDyno,
  findExecOrder,
  listClaimedExecs,
} from '@paas/store/execs'
import type { Scheduler } from './deps.ts'
import { type Dialect, openFramed, openRaw } from './dialects.ts'
import { answeringDynos } from './fleet.ts'
import { GREETING, GREETING_ALONE_MS, joinClient } from './join-client.ts'

/** As of a process whose terminal was closed. */
const HUNG_UP = 129
/** How what is in a container ends with it, and how what comes too late does not start. */
const WITH_ITS_DYNO: ReadonlySet<number> = new Set([137, 126])
/** From a container's end to its dyno's row: 0.1-0.3 s. */
const ROW_MS = 1_500
const ROW_LOOK_MS = 50

/** Starts the command for this client and joins them until one of them ends, or the dyno does. Nothing of the command is left. */
export async function serveExec(
  scheduler: Scheduler,
  exec: ExecKey,
  { socket, framed }: { socket: TLSSocket; framed: boolean },
  signal: AbortSignal,
): Promise<void> {
  const order = await findExecOrder(scheduler.store, exec)
  if (!order) return // its client hears of it: the connection ends
  const dialect = framed ? openFramed(socket) : openRaw(socket, order.tty)
  try {
    socket.write(GREETING)
    await pause(GREETING_ALONE_MS)
    const told = await serve(scheduler, exec, order, { socket, dialect }, signal).catch((error: unknown) =>
      refusal(scheduler, exec, order, error, signal.aborted),
    )
    if (told) await dialect.exit(told.code, told.message)
  } finally {
    socket.end()
    await endOf(scheduler, { ...exec, dyno: { ...order.dyno, state: 'up' } })
  }
}

interface Told {
  code: number
  message?: string | undefined
}

/** Undefined: the client is gone. */
async function serve(
  scheduler: Scheduler,
  exec: ExecKey,
  order: ExecOrder,
  { socket, dialect }: { socket: TLSSocket; dialect: Dialect },
  signal: AbortSignal,
): Promise<Told | undefined> {
  const { hostId, containerId } = order.dyno
  if (containerId === null) throw new PlatformError('engine_refused', 'It has no container')
  signal.throwIfAborted()
  // Its terminal knows its size; the variables would outlive a change of it.
  const { COLUMNS, LINES, ...env } = order.env
  const size = order.tty ? sizeOf(order.env) : undefined
  const joined = await scheduler.fleet.dynosOf(hostId).exec(containerId, { ...order, execId: exec.id, env, size })
  try {
    const how = await joinClient(joined, socket, dialect, signal)
    if (how === 'left') return undefined
    const code = how === 'ended' ? await joined.exitCode() : HUNG_UP
    if (how === 'ended' && !WITH_ITS_DYNO.has(code)) return { code }
    return { code, message: await why(scheduler, exec, order, how) }
  } finally {
    joined.stdin.destroy()
  }
}

/** What to tell of this end. Of a dyno that ended just now, its row is a moment behind. */
async function why({ store }: Scheduler, { appId }: ExecKey, { dyno }: ExecOrder, how: SessionEnd): Promise<string | undefined> {
  const patienceMs = how === 'ended' ? ROW_MS : 0
  let row: ExecDyno | undefined
  for (const began = performance.now(); ; await pause(ROW_LOOK_MS)) {
    row = await findExecDyno(store, { appId, id: dyno.id })
    if (!row || !mayRun(row) || performance.now() - began >= patienceMs) return tellSessionEnd(how, row)
  }
}

/** Why there was no session, or no more of it: for its dyno's sake if that has ended, for the engine's otherwise. */
async function refusal(scheduler: Scheduler, exec: ExecKey, order: ExecOrder, error: unknown, aborted: boolean): Promise<Told> {
  const { name } = order.dyno
  const message = await why(scheduler, exec, order, aborted ? 'aborted' : 'ended')
  if (message) return { code: 1, message }
  scheduler.log.warn({ app: exec.appId, dyno: name, err: error }, 'exec.failed')
  if (!(error instanceof PlatformError)) return { code: 1, message: `The connection to ${name} was lost.` }
  const away = error.code === 'engine_unreachable' || error.code === 'engine_timeout'
  if (away) return { code: 1, message: `The machine that ${name} runs on does not answer now.` }
  return { code: 1, message: [`There can be no session in ${name}: ${error.message}.`, error.hint].filter(Boolean).join('\n') }
}

type Claimed = Awaited<ReturnType<typeof listClaimedExecs>>[number]

/** Everything of it that runs, then its row. While its host does not answer the row stays, and this is done again. */
async function endOf({ store, fleet }: Scheduler, { appId, id, dyno }: Claimed): Promise<void> {
  const { hostId, containerId, state } = dyno
  if (hostId !== null && containerId !== null && state !== 'down' && state !== 'crashed') {
    const dynos = answeringDynos(fleet, hostId)
    if (!dynos) return
    await dynos.endExec(containerId, id)
  }
  await deleteExec(store, { appId, id })
}

/** Takes up what a scheduler before this one, or a host that did not answer, has left. */
export async function tidyExecs(scheduler: Scheduler): Promise<void> {
  const { store, jobs } = scheduler
  await deleteExpiredExecs(store, ATTACH_MS)
  for (const claimed of await listClaimedExecs(store)) {
    if (!jobs.kindOf(claimed.id)) void jobs.run(claimed.appId, claimed.id, 'session', () => endOf(scheduler, claimed))
  }
}
