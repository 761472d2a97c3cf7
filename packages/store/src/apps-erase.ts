// The last row of a destroyed app goes when nothing of it is left elsewhere.
import type { Store } from './store.ts'

/** Its builds, for their files and streams; `building` while one is under way, so that nothing it makes is missed. */
export async function findErasable(
  store: Store,
  appId: string,
): Promise<{ building: boolean; builds: { id: string; sourcePath: string | null }[] } | undefined> {
  const app = await store.db.app.findUnique({
    where: { id: appId, destroyedAt: { not: null } },
    select: { builds: { select: { id: true, sourcePath: true, status: true, leaseUntil: true } } },
  })
  if (!app) return undefined
  const now = Date.now()
  return {
    building: app.builds.some(({ status, leaseUntil }) => status === 'running' && (leaseUntil?.getTime() ?? 0) > now),
    builds: app.builds.map(({ id, sourcePath }) => ({ id, sourcePath })),
  }
}

/** Everything that hangs on the row goes with it. Only a destroyed app. */
export async function eraseApp(store: Store, appId: string): Promise<void> {
  await store.db.$transaction(async (tx) => {
    // Dynos and releases point at each other's rows: the order matters to the constraints.
    await tx.app.findFirstOrThrow({ where: { id: appId, destroyedAt: { not: null } }, select: { id: true } })
    await tx.dyno.deleteMany({ where: { appId } })
    await tx.release.deleteMany({ where: { appId } })
    await tx.slug.deleteMany({ where: { appId } })
    await tx.app.delete({ where: { id: appId, destroyedAt: { not: null } } })
  })
}
