// One picture of one app: its rows, its containers on every host that it has
// dynos on, and what is under way here.
import type { AppWorld, WorldContainer, WorldDyno } from '@paas/domain/world'
import type { ContainerFacts } from '@paas/engine/events'
import { type AppRows, readAppRows } from '@paas/store/world'
import type { Scheduler } from './deps.ts'
import type { Fleet, Member } from './fleet.ts'
import { judgePlaces } from './places.ts'

/** A host that takes longer does not answer, as far as one look at one app goes. */
const LIST_MS = 3_000

/** `rows` at once, `world` when the engines have answered, so that routes do not wait for them. Undefined: no such app. */
export function readWorld(
  scheduler: Scheduler,
  appId: string,
): { rows: Promise<AppRows | undefined>; world: Promise<AppWorld | undefined> } {
  const { store, fleet, jobs, erasures } = scheduler
  const before = jobs.kinds() // a job that ends from here on may be newer than the rows; its end causes another look
  const rows = readAppRows(store, appId)
  const local = look(fleet, fleet.local(), appId) // not after the rows: most dynos are here
  const world = async () => {
    const app = await rows
    if (!app) return undefined
    const others = new Set(app.dynos.flatMap(({ hostId }) => hostId ?? []))
    others.delete(fleet.local().host.id)
    const looks = await Promise.all([local, ...[...others].map((id) => look(fleet, fleet.get(id), appId))])
    const reach = new Map(looks.flatMap(({ hostId, reach }) => (hostId ? [[hostId, reach] as const] : [])))
    const busy = new Map([...before, ...jobs.kinds()])
    const dynos = app.dynos.map((dyno) => ({
      ...dyno,
      busy: busy.get(dyno.id),
      reach: dyno.hostId === null ? ('seen' as const) : (reach.get(dyno.hostId) ?? 'unseen'),
    }))
    return {
      ...app,
      eraseAfterMs: erasures.afterMs(appId),
      dynos: await judgePlaces(scheduler, appId, dynos),
      containers: looks.flatMap(({ containers }) => containers),
    }
  }
  return { rows, world: world() }
}

interface Look {
  hostId: string | undefined
  reach: WorldDyno['reach']
  containers: WorldContainer[]
}

/** Never rejects: a host that does not answer is `unseen`. */
async function look(fleet: Fleet, member: Member | undefined, appId: string): Promise<Look> {
  const hostId = member?.host.id
  if (!member || !hostId) return { hostId, reach: 'lost', containers: [] }
  const { condition, local } = member.host
  const only = local && fleet.isAlone() // then there is nothing else to go on
  if (condition === 'lost' || condition === 'failed') return { hostId, reach: 'lost', containers: [] }
  if (condition === 'sick' && !only) return { hostId, reach: 'unseen', containers: [] }
  try {
    const found = await member.dynos.list({ appId }, only ? undefined : LIST_MS)
    return { hostId, reach: 'seen', containers: dynoContainers(found, hostId) }
  } catch {
    return { hostId, reach: 'unseen', containers: [] }
  }
}

/** Build containers are the builder's. */
function dynoContainers(containers: readonly ContainerFacts[], hostId: string): WorldContainer[] {
  return containers.flatMap(({ id, dynoId, dynoName = '', release, createdAt, state }) =>
    dynoId
      ? [{ id, hostId, dynoId, name: dynoName, version: release, createdAtMs: createdAt.getTime(), state: stateOf(state) }]
      : [],
  )
}

function stateOf(state: ContainerFacts['state']): WorldContainer['state'] {
  if (state === 'created') return 'created'
  return state === 'running' || state === 'paused' || state === 'restarting' ? 'running' : 'exited'
}
