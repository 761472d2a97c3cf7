// Config sets: immutable, sealed, one per change. A release points at one, so
// an app's config vars are those of its newest release that has not failed.
import type { ConfigVars } from '@paas/domain/config-vars'
import { seal, unseal } from './seal.ts'
import type { Store } from './store.ts'

/** Bound to the app: a sealed set copied to another app's row does not open. */
export function sealConfig(store: Pick<Store, 'key'>, appId: string, vars: ConfigVars): Uint8Array<ArrayBuffer> {
  return new Uint8Array(seal(store.key, appId, JSON.stringify(vars)))
}

export function unsealConfig(store: Pick<Store, 'key'>, appId: string, sealed: Uint8Array): ConfigVars {
  return JSON.parse(unseal(store.key, appId, sealed)) as ConfigVars
}

/** The app's config vars now. */
export async function readConfig(store: Store, appId: string): Promise<ConfigVars> {
  const release = await store.db.release.findFirst({
    where: { appId, status: { not: 'failed' } },
    orderBy: { version: 'desc' },
    select: { config: { select: { sealed: true } } },
  })
  return release ? unsealConfig(store, appId, release.config.sealed) : {}
}

/** Those of one of its releases; undefined when there is no such release. */
export async function readReleaseConfig(store: Store, appId: string, version: number): Promise<ConfigVars | undefined> {
  const release = await store.db.release.findUnique({
    where: { appId_version: { appId, version } },
    select: { config: { select: { sealed: true } } },
  })
  return release ? unsealConfig(store, appId, release.config.sealed) : undefined
}
