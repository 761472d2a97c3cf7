// Custom domains. `app-name.DOMAIN` is not a row: it follows from the app's name.
import { PlatformError } from '@paas/domain/errors'
import { isUuid, lockApp } from './apps.ts'
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

export interface Domain {
  id: string
  appId: string
  hostname: string
  createdAt: Date
  updatedAt: Date
}

/** Heroku's limit per app. */
export const MAX_DOMAINS = 1000

export async function listDomains(store: Store, appId: string): Promise<Domain[]> {
  return store.db.domain.findMany({ where: { appId }, orderBy: { hostname: 'asc' } })
}

/** By host name (as stored) or id. */
export async function findDomain(store: Store, appId: string, ref: string): Promise<Domain | undefined> {
  if (ref.includes('\0')) return undefined
  return (await store.db.domain.findFirst({ where: { appId, ...(isUuid(ref) ? { id: ref } : { hostname: ref }) } })) ?? undefined
}

/** `hostname` is lower case punycode. Throws `domain_taken` (also for the app that has it) and `invalid_params` beyond the limit. */
export async function addDomain(store: Store, appId: string, hostname: string): Promise<Domain> {
  try {
    return await store.db.$transaction(async (tx) => {
      await lockApp(tx, appId)
      if ((await tx.domain.count({ where: { appId } })) >= MAX_DOMAINS) {
        throw new PlatformError('invalid_params', `An app may have ${MAX_DOMAINS} domains`)
      }
      const domain = await tx.domain.create({ data: { appId, hostname } })
      await wake(tx, 'app', appId)
      return domain
    })
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'P2002') throw cause
    throw new PlatformError('domain_taken', `${hostname} is already in use`, { cause })
  }
}

export async function removeDomain(store: Store, appId: string, id: string): Promise<boolean> {
  return store.db.$transaction(async (tx) => {
    const { count } = await tx.domain.deleteMany({ where: { appId, id } })
    await wake(tx, 'app', appId)
    return count === 1
  })
}
