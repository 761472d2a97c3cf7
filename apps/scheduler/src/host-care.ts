// What a host's row asks for besides watching: joining, and leaving for good.
import { removeRenewal } from '@paas/engine/server-certificate'
import { pause } from '@paas/service/wait'
import { deleteHost, isFree } from '@paas/store/hosts'
import type { Scheduler } from './deps.ts'
import type { Member } from './fleet.ts'
import { disconnect, joinHost } from './join.ts'
import { configureLinks } from './links.ts'

/** A stack on its way to a host takes longer than anybody waits for our end; the next leader goes on where this one stopped. */
const CLOSE_MS = 3_000

/** One piece of work per host at a time. */
export class HostCare {
  readonly #working = new Map<string, Promise<void>>()

  /** Begins what is wanted and not under way. */
  adjust(scheduler: Scheduler): void {
    for (const member of scheduler.fleet.all()) {
      const { id, name, condition, removeWanted } = member.host
      const work = removeWanted ? retire : condition === 'joining' ? () => joinHost(scheduler, id) : undefined
      if (!work || this.#working.has(id)) continue
      const working = work(scheduler, member)
        .catch((err: unknown) => scheduler.log.warn({ host: name, err }, 'host.not_cared_for'))
        .finally(() => this.#working.delete(id))
      this.#working.set(id, working)
    }
  }

  async close(): Promise<void> {
    await Promise.race([Promise.all(this.#working.values()), pause(CLOSE_MS)])
  }
}

/** Once nothing of an app is on it any more: everything of ours goes, then the row. A host that is lost is only forgotten. */
async function retire(scheduler: Scheduler, member: Member): Promise<void> {
  const { store, fleet, log } = scheduler
  const { host, dynos } = member
  if (!(await isFree(store, host.id))) return
  if (host.condition === 'up' || host.condition === 'sick') {
    for (const { id, dynoId } of await dynos.list()) if (dynoId) await dynos.remove(id)
    for (const { id } of await dynos.listPrepared()) await dynos.remove(id)
    // One that stayed would have addresses that lead elsewhere once the host is added again, as another number.
    for (const { appId } of await dynos.listAppNetworks()) if (!(await dynos.removeAppNetwork(appId))) return
    await removeRenewal(member.engine)
    await disconnect(scheduler, member)
  }
  if (!(await deleteHost(store, host.id))) return
  log.info({ host: host.name }, 'host.removed')
  await fleet.refresh()
  await scheduler.linkTurns.run(() => configureLinks(scheduler))
}
