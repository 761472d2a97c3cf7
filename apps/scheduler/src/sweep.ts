// What no app's pass can see: containers and networks of apps whose row is
// gone, and running containers that are left alone because no row knows them
// (plan-unknown.ts in the domain says why).
import { YOUNG_MS } from '@paas/domain/plan-unknown'
import type { DynoEngine } from '@paas/engine/dyno-engine'
import { findExistingDynos } from '@paas/store/dynos-known'
import { listAppIds } from '@paas/store/world'
import type { Scheduler } from './deps.ts'

/** Never touches what a build uses: its containers have no dyno. */
export async function sweep(scheduler: Scheduler): Promise<void> {
  for (const { dynos } of scheduler.fleet.answering()) await sweepHost(scheduler, dynos)
}

async function sweepHost({ store, log }: Scheduler, engine: DynoEngine): Promise<void> {
  // Containers first: one that appears later belongs to an app that is in the later list of apps.
  const [containers, networks] = await Promise.all([engine.list(), engine.listAppNetworks()])
  const apps = new Set(await listAppIds(store))
  const dynos = await findExistingDynos(
    store,
    containers.flatMap(({ dynoId }) => dynoId ?? []),
  )
  for (const { id, name, appId, dynoId, state, createdAt } of containers) {
    if (!dynoId || dynos.has(dynoId) || Date.now() < createdAt.getTime() + YOUNG_MS) continue
    // For a person to look at: `docker rm -f` ends one whose app the database does not know either.
    if (state === 'running') log.warn({ container: name, app: appId }, 'container.unknown')
    else if (!appId || !apps.has(appId)) await engine.remove(id)
  }
  for (const { appId } of networks) if (!apps.has(appId)) await engine.removeAppNetwork(appId)
}
