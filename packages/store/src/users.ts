// People: who they are and how they prove it by password.
import { hash, verify } from '@node-rs/argon2'
import { PlatformError } from '@paas/domain/errors'
import type { Store } from './store.ts'

export { createToken } from './tokens.ts'

export interface User {
  id: string
  email: string
  name: string | null
  admin: boolean
  createdAt: Date
  updatedAt: Date
}

const MIN_PASSWORD = 12
const MAX_PASSWORD = 200 // argon2 would take more; nobody types more
/** argon2id; 19 MiB and two passes (OWASP Password Storage Cheat Sheet), about 25 ms. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }
const SHOWN = { id: true, email: true, name: true, admin: true, createdAt: true, updatedAt: true } as const

/** Makes this e-mail an admin, with this password when one is given; safe to repeat at every start. */
export async function ensureAdmin(
  store: Store,
  { email, password }: { email: string; password?: string | undefined },
): Promise<{ id: string; created: boolean }> {
  const address = normaliseEmail(email)
  const secret = password === undefined ? {} : { passwordHash: await hashPassword(password) }
  const existing = await store.db.user.findUnique({ where: { email: address }, select: { id: true } })
  const { id } = await store.db.user.upsert({
    where: { email: address },
    create: { email: address, admin: true, ...secret },
    update: { admin: true, ...secret },
    select: { id: true },
  })
  return { id, created: !existing }
}

/** A person without a password logs in with tokens only. Throws `name_taken` when the e-mail is in use. */
export async function createUser(
  store: Store,
  { email, name, password }: { email: string; name?: string | undefined; password?: string | undefined },
): Promise<User> {
  const address = normaliseEmail(email)
  const passwordHash = password === undefined ? null : await hashPassword(password)
  if (await store.db.user.findUnique({ where: { email: address }, select: { id: true } })) {
    throw new PlatformError('name_taken', `${address} already has an account`)
  }
  return store.db.user.create({ data: { email: address, name: name ?? null, passwordHash }, select: SHOWN })
}

/** What a person may change of the own account. */
export async function renameUser(store: Store, id: string, name: string): Promise<User> {
  return store.db.user.update({ where: { id }, data: { name }, select: SHOWN })
}

/** The person whose e-mail and password these are; undefined for every kind of mismatch, after the same work. */
export async function verifyPassword(store: Store, email: string, password: string): Promise<User | undefined> {
  const row = await store.db.user.findUnique({
    where: { email: normaliseEmail(email) },
    select: { ...SHOWN, passwordHash: true },
  })
  // Without an account the work is done on a hash nobody knows the password of, so that time tells nothing.
  const right = await verify(row?.passwordHash ?? (await decoy()), password.slice(0, MAX_PASSWORD)).catch(() => false)
  if (!row?.passwordHash || !right) return undefined
  const { passwordHash: _, ...user } = row
  return user
}

let decoyHash: Promise<string> | undefined
function decoy(): Promise<string> {
  decoyHash ??= hash(crypto.randomUUID(), COST)
  return decoyHash
}

function hashPassword(password: string): Promise<string> {
  if (password.length < MIN_PASSWORD || password.length > MAX_PASSWORD) {
    throw new PlatformError('invalid_params', `A password has ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`)
  }
  return hash(password, COST)
}

function normaliseEmail(email: string): string {
  const address = email.trim().toLowerCase()
  if (!/^[^\s@<>"\0]{1,64}@[^\s@<>"\0]{1,190}$/.test(address)) {
    throw new PlatformError('invalid_params', 'That is not an e-mail address')
  }
  return address
}
