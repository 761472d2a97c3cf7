// What a push needs to read: the app it goes to, and how far it has come.
import type { PushState } from '@paas/domain/push-verdict'
import { processTypesOf } from './releases.ts'
import type { Store } from './store.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export interface PushApp {
  id: string
  name: string
}

/**
 * The app of that name or id that this person may push to: the own ones, and every one for an admin. Undefined for an unknown app,
 * somebody else's and a destroyed one alike, from one and the same query, so that neither answer nor time tells which.
 */
export async function findPushApp(
  store: Store,
  { user, app }: { user: { id: string; admin: boolean }; app: string },
): Promise<PushApp | undefined> {
  const found = await store.db.app.findFirst({
    where: {
      ...(UUID.test(app) ? { id: app.toLowerCase() } : { name: app }),
      ...(user.admin ? {} : { ownerId: user.id }),
      destroyedAt: null,
    },
    select: { id: true, name: true },
  })
  return found ?? undefined
}

/** What the rows say of one pushed build now; for `judgePush`. The build is read first: a release it names is then visible. */
export async function readPushState(store: Store, { appId, buildId }: { appId: string; buildId: string }): Promise<PushState> {
  const build = await store.db.build.findFirst({
    where: { id: buildId, appId, app: { destroyedAt: null } },
    select: { status: true, number: true, failureMessage: true, releaseVersion: true },
  })
  if (!build) return { build: undefined, ahead: 0, releases: [] }
  const { number, status, failureMessage, releaseVersion } = build
  const unfinished = { appId, number: { lt: number }, status: { in: ['queued' as const, 'running' as const] } }
  const ahead = status === 'queued' ? await store.db.build.count({ where: unfinished }) : 0
  const releases =
    releaseVersion === null
      ? []
      : await store.db.release.findMany({
          where: { appId, slug: { buildId } },
          orderBy: { version: 'asc' },
          select: {
            ...{ version: true, status: true, failureCode: true, failureMessage: true, phaseDone: true },
            slug: { select: { processTypes: true } },
            dynos: { where: { type: 'release' }, select: { state: true, createdAt: true }, take: 1 },
          },
        })
  return {
    build: { status, failureMessage: failureMessage ?? undefined, releaseVersion: releaseVersion ?? undefined },
    ahead,
    releases: releases.map(({ version, status, failureCode, failureMessage, phaseDone, slug, dynos: [dyno] }) => ({
      ...{ version, status },
      failureCode: failureCode ?? undefined,
      failureMessage: failureMessage ?? undefined,
      command:
        'release' in processTypesOf(slug?.processTypes ?? {})
          ? {
              startedAtMs: dyno?.createdAt.getTime(),
              state: phaseDone ? 'succeeded' : dyno?.state === 'down' ? 'ended' : 'waited-for',
            }
          : undefined,
    })),
  }
}

/** Which of these app ids have a row. For the receiver's sweep: a repository without one belongs to nobody. */
export async function findExistingApps(store: Store, appIds: readonly string[]): Promise<Set<string>> {
  const rows = await store.db.app.findMany({ where: { id: { in: [...appIds] } }, select: { id: true } })
  return new Set(rows.map(({ id }) => id))
}

/** Which of these build ids have not ended, so that their source is still needed. For the receiver's sweep. */
export async function findUnfinishedBuilds(store: Store, buildIds: readonly string[]): Promise<Set<string>> {
  const rows = await store.db.build.findMany({
    where: { id: { in: [...buildIds] }, status: { in: ['queued', 'running'] } },
    select: { id: true },
  })
  return new Set(rows.map(({ id }) => id))
}

/** Notes how large the app's repository is, in bytes on disk. */
export async function recordRepositoryBytes(store: Store, appId: string, bytes: number): Promise<void> {
  await store.db.app.updateMany({ where: { id: appId }, data: { repoBytes: bytes } })
}
