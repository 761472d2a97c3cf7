// Access tokens. A token is shown once, when it is made; the database keeps
// only its sha256. A plain hash is enough for 256 random bits: there is
// nothing to guess, so nothing to slow down.
import { createHash, randomBytes } from 'node:crypto'
import type { Store } from './store.ts'
import type { User } from './users.ts'

/** Begins every token, so that secret scanners and people know what they have found. */
export const TOKEN_PREFIX = 'PAAS-'
const TOKEN_BYTES = 32

export interface Authorization {
  id: string
  userId: string
  description: string
  scope: string[]
  expiresAt: Date | null
  createdAt: Date
  updatedAt: Date
}

const SHOWN = {
  id: true,
  userId: true,
  description: true,
  scope: true,
  expiresAt: true,
  createdAt: true,
  updatedAt: true,
} as const

/** A new authorization; `token` is the only copy there will ever be. */
export async function createToken(
  store: Store,
  { userId, description, expiresAt }: { userId: string; description: string; expiresAt?: Date | undefined },
): Promise<{ id: string; token: string; authorization: Authorization }> {
  const token = newToken()
  const authorization = await store.db.token.create({
    data: { userId, description, expiresAt: expiresAt ?? null, hash: hashToken(token) },
    select: SHOWN,
  })
  return { id: authorization.id, token, authorization }
}

/** Who holds this token; undefined when it is unknown, revoked or expired. One look-up by hash whatever it looks like, so that time tells nothing. */
export async function findTokenHolder(
  store: Store,
  token: string,
  now: Date,
): Promise<{ user: User; authorizationId: string } | undefined> {
  const row = await store.db.token.findUnique({ where: { hash: hashToken(token) }, include: { user: true } })
  if (!row || (row.expiresAt && row.expiresAt <= now)) return undefined
  const { passwordHash: _, ...user } = row.user
  return { user, authorizationId: row.id }
}

/** That person's authorizations, newest first, without those that have expired. */
export async function listAuthorizations(store: Store, userId: string, now: Date): Promise<Authorization[]> {
  return store.db.token.findMany({
    where: { userId, OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] },
    select: SHOWN,
    orderBy: { createdAt: 'desc' },
  })
}

export async function findAuthorization(store: Store, userId: string, id: string): Promise<Authorization | undefined> {
  return (await store.db.token.findFirst({ where: { userId, id }, select: SHOWN })) ?? undefined
}

export async function describeAuthorization(store: Store, userId: string, id: string, description: string): Promise<boolean> {
  return (await store.db.token.updateMany({ where: { userId, id }, data: { description } })).count === 1
}

/** Puts a new token in the place of the old one, which is refused from then on. Undefined when there is no such authorization. */
export async function rotateToken(store: Store, userId: string, id: string): Promise<string | undefined> {
  const token = newToken()
  const { count } = await store.db.token.updateMany({ where: { userId, id }, data: { hash: hashToken(token) } })
  return count === 1 ? token : undefined
}

export async function revokeAuthorization(store: Store, userId: string, id: string): Promise<boolean> {
  return (await store.db.token.deleteMany({ where: { userId, id } })).count === 1
}

function newToken(): string {
  return TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url')
}

function hashToken(token: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(token).digest())
}
