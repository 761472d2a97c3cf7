// Commands of people inside running dynos. The api adds them; the scheduler
// claims each for the one client who knows its secret, and deletes the row
// when nothing of it runs any more: a row that is claimed says that something may.
import { createHash, randomBytes } from 'node:crypto'
import { PlatformError } from '@paas/domain/errors'
import { type ExecCandidate, type ExecDyno, MAX_EXECS } from '@paas/domain/exec'
import { lockApp } from './apps.ts'
import type { DynoState } from './dynos-api.ts'
import type { Store } from './store.ts'

const SECRET_BYTES = 32

export interface NewExec {
  dynoId: string
  /** null: a shell. */
  command: string | null
  tty: boolean
  env: Record<string, string>
}

/** Whose, and which. */
export interface ExecKey {
  appId: string
  id: string
}

/** All that serving one takes. */
export interface ExecOrder extends Omit<NewExec, 'dynoId'> {
  image: string
  dyno: { id: string; name: string; hostId: string | null; containerId: string | null }
}

/** All dynos of the app, as far as choosing one goes. The platform's own machine is taken to answer: who asks is on it. */
export async function listExecCandidates(store: Store, appId: string): Promise<ExecCandidate[]> {
  const rows = await store.db.dyno.findMany({
    where: { appId },
    select: {
      ...{ id: true, type: true, number: true, state: true, reason: true, createdAt: true },
      host: { select: { local: true, condition: true } },
    },
    orderBy: [{ type: 'asc' }, { number: 'asc' }],
  })
  return rows.map(({ id, type, number, state, reason, createdAt, host }) => ({
    ...{ id, name: `${type}.${number}`, state, reason, createdAtMs: createdAt.getTime() },
    answers: !host || host.local || host.condition === 'up',
  }))
}

/** Waits for its client from now on; the row keeps the sha256 of `secret`. Those older than `expiresMs` wait no more, and do not count. */
export async function createExec(
  store: Store,
  appId: string,
  { dynoId, command, tty, env }: NewExec,
  expiresMs: number,
): Promise<{ id: string; secret: string; createdAt: Date }> {
  return store.db.$transaction(async (tx) => {
    await lockApp(tx, appId)
    const count = await tx.exec.count({ where: { appId, OR: [{ startedAt: { not: null } }, { createdAt: after(expiresMs) }] } })
    if (count >= MAX_EXECS) {
      throw new PlatformError('invalid_params', `An app may have ${MAX_EXECS} sessions in its dynos at a time`, {
        hint: 'One ends with its terminal, and one that nobody has come to within a minute.',
      })
    }
    const secret = randomBytes(SECRET_BYTES).toString('base64url')
    const attachHash = new Uint8Array(createHash('sha256').update(secret).digest())
    const { id, createdAt } = await tx.exec.create({ data: { appId, dynoId, command, tty, env, attachHash } })
    return { id, secret, createdAt }
  })
}

/** The one whose secret has this sha256, for good: nobody else gets it. Undefined: none, it is taken, or older than `expiresMs`. */
export async function claimExec(store: Store, attachHash: Uint8Array, expiresMs: number): Promise<ExecKey | undefined> {
  const [row] = await store.db.exec.updateManyAndReturn({
    where: { attachHash: new Uint8Array(attachHash), startedAt: null, createdAt: after(expiresMs) },
    data: { startedAt: new Date() },
    select: { id: true, appId: true },
  })
  return row
}

/** Undefined when it, or its dyno, is gone. */
export async function findExecOrder(store: Store, { appId, id }: ExecKey): Promise<ExecOrder | undefined> {
  const row = await store.db.exec.findUnique({
    where: { id, appId },
    include: { dyno: { include: { release: { select: { slug: { select: { image: true } } } } } } },
  })
  if (!row?.dyno.release.slug) return undefined
  const { dyno, command, tty, env } = row
  const { type, number, hostId, containerId, release } = dyno
  return {
    ...{ command, tty, env: env as Record<string, string>, image: release.slug!.image },
    dyno: { id: dyno.id, name: `${type}.${number}`, hostId, containerId },
  }
}

/** What a dyno's row says to whoever is in it. Undefined: it is gone. */
export async function findExecDyno(store: Store, { appId, id }: { appId: string; id: string }): Promise<ExecDyno | undefined> {
  const [row, live] = await Promise.all([
    store.db.dyno.findUnique({ where: { id, appId }, include: { release: { select: { version: true } } } }),
    store.db.release.findFirst({
      where: { appId, status: 'succeeded', slugId: { not: null } },
      orderBy: { version: 'desc' },
      select: { version: true },
    }),
  ])
  if (!row) return undefined
  const { type, number, state, reason, release } = row
  const wish = row.wish === 'restart' || row.wish === 'stop' ? row.wish : null
  return { ...{ name: `${type}.${number}`, state, wish, reason }, version: release.version, liveVersion: live?.version ?? 0 }
}

/** Of one dyno. */
export async function listExecIds(store: Store, { appId, dynoId }: { appId: string; dynoId: string }): Promise<string[]> {
  return (await store.db.exec.findMany({ where: { appId, dynoId }, select: { id: true } })).map(({ id }) => id)
}

/** Of all apps, claimed: something of each may run, or have run. */
export async function listClaimedExecs(
  store: Store,
): Promise<(ExecKey & { dyno: { state: DynoState; hostId: string | null; containerId: string | null } })[]> {
  return store.db.exec.findMany({
    where: { startedAt: { not: null } },
    select: { id: true, appId: true, dyno: { select: { state: true, hostId: true, containerId: true } } },
  })
}

/** Those whose client did not come in time. */
export async function deleteExpiredExecs(store: Store, expiresMs: number): Promise<void> {
  await store.db.exec.deleteMany({ where: { startedAt: null, NOT: { createdAt: after(expiresMs) } } })
}

/** Gone already is fine. */
export async function deleteExec(store: Store, { appId, id }: ExecKey): Promise<void> {
  await store.db.exec.deleteMany({ where: { id, appId } })
}

function after(expiresMs: number): { gt: Date } {
  return { gt: new Date(Date.now() - expiresMs) }
}
