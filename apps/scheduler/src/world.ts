// One picture of one app: its rows, its containers, and what is under way here.
import type { AppWorld, WorldContainer } from '@paas/domain/world'
import { type ContainerFacts, listContainers } from '@paas/engine/events'
import { type AppRows, readAppRows } from '@paas/store/world'
import type { Scheduler } from './deps.ts'

/** `rows` at once, `containers` when the engine has answered, so that routes do not wait for it. Undefined: no such app. */
export function readWorld(
  { store, engine, jobs, erasures }: Scheduler,
  appId: string,
): { rows: Promise<AppRows | undefined>; world: Promise<AppWorld | undefined> } {
  const rows = readAppRows(store, appId)
  const world = async () => {
    const [app, containers] = await Promise.all([rows, listContainers(engine, { appId })])
    return (
      app && {
        ...app,
        eraseAfterMs: erasures.afterMs(appId),
        dynos: app.dynos.map((dyno) => ({ ...dyno, busy: jobs.kindOf(dyno.id) })),
        containers: dynoContainers(containers),
      }
    )
  }
  return { rows, world: world() }
}

/** Build containers are the builder's. */
function dynoContainers(containers: readonly ContainerFacts[]): WorldContainer[] {
  return containers.flatMap(({ id, dynoId, dynoName = '', release, createdAt, state }) =>
    dynoId ? [{ id, dynoId, name: dynoName, version: release, createdAtMs: createdAt.getTime(), state: stateOf(state) }] : [],
  )
}

function stateOf(state: ContainerFacts['state']): WorldContainer['state'] {
  if (state === 'created') return 'created'
  return state === 'running' || state === 'paused' || state === 'restarting' ? 'running' : 'exited'
}
