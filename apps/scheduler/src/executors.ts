// How each kind of step is done. A step that fails is planned again by a later
// pass, so none retries.
import { randomUUID } from 'node:crypto'
import type { Step } from '@paas/domain/plan'
import { type AppWorld, containerOf } from '@paas/domain/world'
import { addDyno, changeDyno, deleteDyno, replaceCrashed } from '@paas/store/dynos'
import { failRelease, finishPhase, succeedRelease } from '@paas/store/releases-place'
import { say } from './app-lines.ts'
import type { Scheduler } from './deps.ts'
import { beginStop, crash, end, lose } from './dyno-end.ts'
import { resumeBoot, startDyno } from './dyno-start.ts'
import { eraseApp } from './erase.ts'

type Executors = {
  [K in Step['kind']]: (scheduler: Scheduler, world: AppWorld, step: Extract<Step, { kind: K }>) => Promise<void>
}

/** What the pusher is shown of a dyno that did not come up. */
const LAST_LINES = 15

const executors: Executors = {
  async 'add-dyno'(scheduler, { id: appId }, { releaseId, type, number, size, command }) {
    const id = randomUUID()
    await addDyno(scheduler.store, { id, appId, releaseId, type, number, size, command })
    await startDyno(scheduler, appId, id)
  },
  async 'adopt-dyno'({ store, log }, { id: appId, containers }, { dynoId, releaseId, type, number, size, command }) {
    const hostId = containers.find((container) => container.dynoId === dynoId)?.hostId ?? null
    await addDyno(store, { id: dynoId, appId, releaseId, type, number, size, command, hostId })
    log.warn({ app: appId, dyno: `${type}.${number}` }, 'dyno.adopted')
  },
  'start-dyno': (scheduler, { id }, { dynoId }) => startDyno(scheduler, id, dynoId),
  'watch-boot': (scheduler, { id }, { dynoId }) => resumeBoot(scheduler, id, dynoId),
  'crash-dyno': (scheduler, { id }, { dynoId, containerId }) => crash(scheduler, id, dynoId, { containerId }),
  async 'lose-dyno'(scheduler, { id }, { dynoId }) {
    scheduler.routes.lost(id, dynoId)
    await lose(scheduler, id, dynoId)
  },
  async 'replace-crashed'(scheduler, { id: appId }, { dynoId }) {
    const next = await replaceCrashed(scheduler.store, { appId, id: dynoId })
    if (next) await startDyno(scheduler, appId, next.id)
  },
  async 'drain-dyno'({ store }, { id: appId }, { dynoId }) {
    await changeDyno(store, { appId, id: dynoId, from: ['up'] }, { state: 'draining' })
  },
  async 'stop-dyno'(scheduler, world, { dynoId }) {
    beginStop(scheduler, world.id, dynoId, containerOf(world, dynoId)?.id)
  },
  'end-dyno': (scheduler, { id }, { dynoId, containerId, reason }) =>
    end(scheduler, id, dynoId, { containerId, ...(reason && { reason }) }),
  'delete-dyno': ({ store }, { id: appId }, { dynoId }) => deleteDyno(store, { appId, id: dynoId }),
  'remove-container': ({ fleet }, { containers }, { containerId }) => {
    const hostId = containers.find(({ id }) => id === containerId)?.hostId ?? null
    return fleet.dynosOf(hostId).remove(containerId)
  },
  'finish-phase': ({ store }, { id: appId }, { releaseId }) => finishPhase(store, { appId, id: releaseId }),
  async 'succeed-release'({ store, routes, prepared, log }, world, { releaseId }) {
    const appId = world.id
    // Routers first: who is told that the release is live must meet it with the next request.
    routes.publish(appId, {
      ...world,
      current: world.pending.find(({ id }) => id === releaseId),
      pending: world.pending.slice(1),
    })
    await routes.applied()
    prepared.refill(appId)
    if (await succeedRelease(store, { appId, id: releaseId })) log.info({ app: appId, release: releaseId }, 'release.succeeded')
  },
  async 'fail-release'({ store, fleet, logs, log }, world, { releaseId, code, reason, dynoId }) {
    const container = dynoId ? containerOf(world, dynoId) : undefined
    const said = container ? await fleet.dynosOf(container.hostId).lastLines(container.id, LAST_LINES) : []
    const message = [reason, ...said.map((line) => `    ${line}`)].join('\n')
    if (!(await failRelease(store, { appId: world.id, id: releaseId }, { code, message }))) return
    say(logs, world.id, 'api', reason)
    log.info({ app: world.id, release: releaseId, code }, 'release.failed')
  },
  'erase-app': (scheduler, { id }) => scheduler.erasures.try(id, () => eraseApp(scheduler, id)),
}

/** Does one step. Rejects when it could not be done now. */
export function execute<K extends Step['kind']>(
  scheduler: Scheduler,
  world: AppWorld,
  step: Extract<Step, { kind: K }>,
): Promise<void> {
  return (executors[step.kind as K] as Executors[K])(scheduler, world, step)
}
