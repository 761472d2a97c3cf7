// The scheduler: keeps what runs equal to what is wanted, and tells routers.
// Of several, one leads at a time.
import { paths } from '@paas/contract/settings'
import type { Service } from '@paas/service/service'
import type { SchedulerDeps } from './deps.ts'
import { lead } from './lead.ts'
import { takeTurns } from './leadership.ts'
import { RouteServer } from './routes.ts'

/** Resolves when it listens and leads, or another does; the first table follows as soon as the rows can be read. */
export async function startScheduler(deps: SchedulerDeps): Promise<Service> {
  const { log, settings } = deps
  const routes = new RouteServer(settings.domain, log)
  await routes.listen(paths.routesSocket(settings))
  const turns = await takeTurns(deps, (term) => lead(deps, routes, term))
  return {
    name: 'scheduler',
    async close() {
      const closed = turns.close() // routers are still told what it finishes
      await Promise.all([closed, routes.close()])
    },
  }
}
