// What no app's pass can see: containers and networks of apps whose row is gone.

import { removeContainer } from '@paas/engine/dynos'
import { listContainers } from '@paas/engine/events'
import { listAppNetworks, removeNetwork } from '@paas/engine/networks'
import { listAppIds } from '@paas/store/world'
import type { SchedulerDeps } from './deps.ts'

/** Never touches what a build uses: its containers have no dyno. */
export async function sweep({ store, engine, log }: SchedulerDeps): Promise<void> {
  // Containers first: one that appears later belongs to an app that is in the later list of apps.
  const [containers, networks] = await Promise.all([listContainers(engine), listAppNetworks(engine)])
  const apps = new Set(await listAppIds(store))
  for (const { id, name, appId, dynoId } of containers) {
    if (!dynoId || (appId && apps.has(appId))) continue
    log.warn({ container: name }, 'container.orphaned')
    await removeContainer(engine, id)
  }
  for (const { name, appId } of networks) if (!apps.has(appId)) await removeNetwork(engine, name)
}
