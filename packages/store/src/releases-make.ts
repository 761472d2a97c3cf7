// Releases, made: every change of what an app runs is one, and all are made
// here, under the lock of the app's row. The lock gives versions without
// gaps, and lets a change be decided from the release it follows.
import { type ConfigVars, describeConfigChange, planConfigChange } from '@paas/domain/config-vars'
import { DEFAULT_DYNO_SIZE } from '@paas/domain/dyno-size'
import { PlatformError } from '@paas/domain/errors'
import { formationForSlug } from '@paas/domain/formation'
import { describeDeploy, describeRollback, eligibleForRollback } from '@paas/domain/release'
import { isUuid, lockApp, type Tx } from './apps.ts'
import { sealConfig, unsealConfig } from './config.ts'
import { processTypesOf } from './releases.ts'
import type { Store } from './store.ts'
import { wake } from './wakes.ts'

/** A release as its maker gets it back. */
export interface MadeRelease {
  id: string
  version: number
  description: string
  /** Who caused it; null: nobody any more. */
  userEmail: string | null
}

interface NewRelease {
  description: string
  slugId: string | null
  configId: string
  userId: string | null
}

/** Changes config vars. Gives back all of them, and the release unless nothing changed. Throws `invalid_params` with the reason. */
export async function releaseConfig(
  store: Store,
  appId: string,
  userId: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<{ vars: ConfigVars; release: MadeRelease | undefined }> {
  return store.db.$transaction(async (tx) => {
    const { lastVersion } = await lockApp(tx, appId)
    const base = await baseOf(tx, appId)
    const current = base ? unsealConfig(store, appId, base.config.sealed) : {}
    const change = planConfigChange(current, changes)
    if (change.kind === 'refused') throw new PlatformError('invalid_params', change.message)
    if (change.kind === 'unchanged') return { vars: current, release: undefined }
    const config = await tx.configSet.create({
      data: { appId, sealed: sealConfig(store, appId, change.vars) },
      select: { id: true },
    })
    const release = await make(tx, appId, lastVersion, {
      description: describeConfigChange(change),
      slugId: base?.slugId ?? null,
      configId: config.id,
      userId,
    })
    return { vars: change.vars, release }
  })
}

/** Goes back to the code and the config vars of an earlier release. Throws `not_found`, or `invalid_params` when it never ran. */
export async function releaseRollback(store: Store, appId: string, userId: string, releaseId: string): Promise<MadeRelease> {
  return store.db.$transaction(async (tx) => {
    const { lastVersion } = await lockApp(tx, appId)
    const target = isUuid(releaseId) ? await tx.release.findFirst({ where: { id: releaseId, appId } }) : null
    if (!target) throw new PlatformError('not_found', "Couldn't find that release.")
    if (!eligibleForRollback(target)) {
      throw new PlatformError(
        'invalid_params',
        `v${target.version} cannot be rolled back to: it ${target.slugId ? `is ${target.status}` : 'has no code'}`,
      )
    }
    const { slugId, configId } = target
    return make(tx, appId, lastVersion, { description: describeRollback(target.version), slugId, configId, userId })
  })
}

/** Releases a slug the app already has, with today's config vars. Throws `not_found`. */
export async function releaseSlug(
  store: Store,
  appId: string,
  userId: string,
  { slugId, description }: { slugId: string; description?: string | undefined },
): Promise<MadeRelease> {
  return store.db.$transaction(async (tx) => {
    const { lastVersion } = await lockApp(tx, appId)
    const slug = isUuid(slugId) ? await tx.slug.findFirst({ where: { id: slugId, appId } }) : null
    const base = await baseOf(tx, appId)
    if (!slug || !base) throw new PlatformError('not_found', "Couldn't find that slug.")
    return make(tx, appId, lastVersion, {
      description: description ?? describeDeploy(slug.commit),
      slugId: slug.id,
      configId: base.configId,
      userId,
    })
  })
}

/** The release of a build that succeeded; undefined when it has one already, did not succeed, or its app is gone. */
export async function releaseBuild(store: Store, appId: string, buildId: string): Promise<MadeRelease | undefined> {
  return store.db.$transaction(async (tx) => {
    const gone = () => undefined
    const app = await lockApp(tx, appId).catch(onNotFound(gone))
    if (!app) return undefined
    const build = await tx.build.findFirst({
      where: { id: buildId, appId, status: 'succeeded', releaseVersion: null },
      select: { userId: true, commit: true, slug: { select: { id: true, bytes: true } } },
    })
    const base = await baseOf(tx, appId)
    if (!build?.slug || !base) return undefined
    const release = await make(tx, appId, app.lastVersion, {
      description: describeDeploy(build.commit),
      slugId: build.slug.id,
      configId: base.configId,
      userId: build.userId,
    })
    await tx.build.update({ where: { id: buildId, appId }, data: { releaseVersion: release.version } })
    await tx.app.update({ where: { id: appId }, data: { slugBytes: build.slug.bytes } })
    await wake(tx, 'build', buildId)
    return release
  })
}

/** Succeeded builds without a release, oldest first. */
export async function findUnreleasedBuilds(store: Store, limit = 50): Promise<{ appId: string; buildId: string }[]> {
  const rows = await store.db.build.findMany({
    where: { status: 'succeeded', releaseVersion: null, slug: { isNot: null }, app: { destroyedAt: null } },
    select: { id: true, appId: true },
    orderBy: { number: 'asc' },
    take: limit,
  })
  return rows.map(({ id, appId }) => ({ appId, buildId: id }))
}

/** What the next release starts from: a failed one is as if it had never been. */
function baseOf(tx: Tx, appId: string) {
  return tx.release.findFirst({
    where: { appId, status: { not: 'failed' } },
    orderBy: { version: 'desc' },
    include: { config: { select: { sealed: true } } },
  })
}

async function make(tx: Tx, appId: string, lastVersion: number, release: NewRelease): Promise<MadeRelease> {
  const version = lastVersion + 1
  const status = release.slugId === null ? 'succeeded' : 'pending'
  const { id, user } = await tx.release.create({
    data: { ...release, appId, version, status },
    select: { id: true, user: { select: { email: true } } },
  })
  await tx.app.update({ where: { id: appId }, data: { lastVersion: version, releasedAt: new Date() } })
  if (release.slugId) await fitFormation(tx, appId, release.slugId)
  await wake(tx, 'app', appId)
  await wake(tx, 'release', appId)
  return { id, version, description: release.description, userEmail: user?.email ?? null }
}

/** The scheduler ignores types that a release's slug does not have, so adding early is safe; removing waits until nothing serves them. */
async function fitFormation(tx: Tx, appId: string, slugId: string): Promise<void> {
  const current = await tx.formation.findMany({ where: { appId } })
  const slug = await tx.slug.findFirstOrThrow({ where: { id: slugId, appId }, select: { processTypes: true } })
  const serving = await tx.release.findFirst({
    where: { appId, status: 'succeeded', slugId: { not: null } },
    orderBy: { version: 'desc' },
    select: { slug: { select: { processTypes: true } } },
  })
  const types = Object.keys(processTypesOf(slug.processTypes))
  const servingTypes = Object.keys(processTypesOf(serving?.slug?.processTypes ?? {}))
  const { add, remove } = formationForSlug(current, types, servingTypes, DEFAULT_DYNO_SIZE)
  if (add.length > 0) await tx.formation.createMany({ data: add.map((entry) => ({ ...entry, appId })) })
  if (remove.length > 0) await tx.formation.deleteMany({ where: { appId, type: { in: remove } } })
}

function onNotFound<T>(otherwise: () => T): (error: unknown) => T {
  return (error) => {
    if (error instanceof PlatformError && error.code === 'not_found') return otherwise()
    throw error
  }
}
