// Answers already given to writes, so that a client whose connection dropped
// may send the same request again and get the first answer, not a second
// effect. Heroku's CLI repeats a write up to five times with one Request-Id.
import { createHash } from 'node:crypto'
import { seal, unseal } from './seal.ts'
import type { Store } from './store.ts'

/** `claimed`: it is yours to do. `busy`: another connection is doing it. */
export type Claim = { kind: 'claimed' } | { kind: 'busy' } | { kind: 'answered'; status: number; body: unknown }

/** A claim without an answer was left by a process that died; clients stop repeating long before. */
const CLAIM_MS = 60_000
const KEPT_MS = 24 * 3_600_000
const UNDER_WAY = 0

/** The same request by the same person, to the last byte of its body. */
export function answerKey(parts: { userId: string; requestId: string; method: string; path: string; body: string }): string {
  const { userId, requestId, method, path, body } = parts
  return createHash('sha256')
    .update(JSON.stringify([userId, requestId, method, path, body]))
    .digest('hex')
}

/** Takes this request for oneself, or says what became of it. */
export async function claimAnswer(store: Store, key: string): Promise<Claim> {
  const taken = await store.db.$executeRaw`
    INSERT INTO answers (key, status, body) VALUES (${key}, ${UNDER_WAY}, 'null')
    ON CONFLICT (key) DO UPDATE SET created_at = now()
      WHERE answers.status = ${UNDER_WAY} AND answers.created_at < now() - make_interval(secs => ${CLAIM_MS / 1000})`
  if (taken === 1) return { kind: 'claimed' }
  const row = await store.db.answer.findUnique({ where: { key } })
  if (!row || row.status === UNDER_WAY) return { kind: 'busy' }
  const { sealed } = row.body as { sealed: string }
  return { kind: 'answered', status: row.status, body: JSON.parse(unseal(store.key, key, Buffer.from(sealed, 'base64'))) }
}

/** Sealed, since an answer may hold config vars or a rendezvous secret. */
export async function keepAnswer(store: Store, key: string, status: number, body: unknown): Promise<void> {
  const sealed = seal(store.key, key, JSON.stringify(body ?? null)).toString('base64')
  await store.db.answer.update({ where: { key }, data: { status, body: { sealed } } })
}

/** The request failed and may be tried again. */
export async function dropAnswer(store: Store, key: string): Promise<void> {
  await store.db.answer.deleteMany({ where: { key, status: UNDER_WAY } })
}

export async function forgetOldAnswers(store: Store, now: Date): Promise<void> {
  await store.db.answer.deleteMany({ where: { createdAt: { lt: new Date(now.getTime() - KEPT_MS) } } })
}
