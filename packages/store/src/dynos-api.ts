// Dynos as people see and ask for them. The scheduler owns the rows; the api
// adds one-off dynos and leaves wishes, which the scheduler carries out.
import { createHash, randomBytes } from 'node:crypto'
import { PlatformError } from '@paas/domain/errors'
import type { Prisma } from '../generated/client.ts'
import { lockApp } from './apps.ts'
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

export type DynoState = 'starting' | 'up' | 'draining' | 'stopping' | 'crashed' | 'down'
export type Wish = 'restart' | 'stop'

export interface DynoView {
  id: string
  name: string
  type: string
  number: number
  state: DynoState
  size: string
  command: string | null
  release: { id: string; version: number }
  reason: string | null
  /** A crashed dyno is started again then. */
  retryAt: Date | null
  exitCode: number | null
  stateSince: Date
  createdAt: Date
}

export interface OneOff {
  command: string
  size: string
  attach: boolean
  tty: boolean
  env: Record<string, string>
}

/** One-off dynos of one app at a time: each takes a size's memory of the machine. */
export const MAX_ONE_OFFS = 50
const SECRET_BYTES = 32
const LEAVING: readonly DynoState[] = ['draining', 'stopping', 'down']

/** One per name: of two rows while one replaces the other, the newest that is not leaving. */
export async function listDynos(store: Store, appId: string): Promise<DynoView[]> {
  const rows = await store.db.dyno.findMany({
    where: { appId },
    include: { release: { select: { id: true, version: true } } },
    orderBy: [{ type: 'asc' }, { number: 'asc' }, { createdAt: 'desc' }],
  })
  const shown = new Map<string, DynoView>()
  for (const dyno of rows.map(plain)) {
    const rival = shown.get(dyno.name)
    if (!rival || (LEAVING.includes(rival.state) && !LEAVING.includes(dyno.state))) shown.set(dyno.name, dyno)
  }
  return [...shown.values()]
}

/** Leaves a wish on every dyno that matches; gives back how many there were. */
export async function wishDynos(
  store: Store,
  appId: string,
  which: { type?: string | undefined; number?: number | undefined },
  wish: Wish,
): Promise<number> {
  return store.db.$transaction(async (tx) => {
    await lockApp(tx, appId)
    const { count } = await tx.dyno.updateMany({
      where: {
        appId,
        state: { notIn: ['draining', 'stopping'] },
        ...(which.type === undefined ? { type: { notIn: ['run', 'release'] } } : { type: which.type }),
        ...(which.number === undefined ? {} : { number: which.number }),
      },
      data: { wish },
    })
    await wake(tx, 'app', appId)
    return count
  })
}

/** A one-off dyno on the newest release that succeeded. `secret` (attached only) is its rendezvous secret, of which the row keeps the sha256. */
export async function createOneOff(
  store: Store,
  appId: string,
  oneOff: OneOff,
): Promise<{ dyno: DynoView; secret: string | undefined }> {
  return store.db.$transaction(async (tx) => {
    await lockApp(tx, appId)
    const release = await tx.release.findFirst({
      where: { appId, status: 'succeeded', slugId: { not: null } },
      orderBy: { version: 'desc' },
      select: { id: true },
    })
    if (!release) throw new PlatformError('invalid_params', 'This app has no code yet', { hint: 'Deploy it first: git push' })
    const others = await tx.dyno.findMany({ where: { appId, type: 'run' }, select: { number: true, state: true } })
    if (others.filter(({ state }) => state !== 'down').length >= MAX_ONE_OFFS) {
      throw new PlatformError('invalid_params', `An app may have ${MAX_ONE_OFFS} one-off dynos at a time`)
    }
    const { attach, tty, size, command, env } = oneOff
    const secret = attach ? randomBytes(SECRET_BYTES).toString('base64url') : undefined
    const row = await tx.dyno.create({
      data: {
        ...{ appId, releaseId: release.id, type: 'run', number: nextNumber(others.map((other) => other.number)) },
        ...{ size, command, attach, tty, env, attachHash: secret ? sha256(secret) : null },
      },
      include: { release: { select: { id: true, version: true } } },
    })
    await wake(tx, 'app', appId)
    return { dyno: plain(row), secret }
  })
}

const FIRST_NUMBER = 1000 // Heroku's one-off dynos have four digits, which tells them from web.1 at a glance
const NUMBERS = 9000

/** The one after the highest, so that a log does not show two commands under one name for as long as possible. */
function nextNumber(taken: readonly number[]): number {
  const highest = Math.max(FIRST_NUMBER, ...taken)
  if (highest < FIRST_NUMBER + NUMBERS - 1) return highest + 1
  const used = new Set(taken)
  let number = FIRST_NUMBER + 1
  while (used.has(number)) number += 1
  return number
}

function sha256(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(text).digest())
}

type Row = Prisma.DynoGetPayload<{ include: { release: { select: { id: true; version: true } } } }>

function plain({
  id,
  type,
  number,
  state,
  size,
  command,
  release,
  reason,
  retryAt,
  exitCode,
  stateSince,
  createdAt,
}: Row): DynoView {
  return {
    id,
    name: `${type}.${number}`,
    type,
    number,
    state,
    size,
    command,
    release,
    reason,
    retryAt,
    exitCode,
    stateSince,
    createdAt,
  }
}
