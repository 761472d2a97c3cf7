// A disk can fill between two looks at it. Whatever the host refuses for want
// of space is a reason to look again.
import { isDiskFull } from '@paas/domain/host-capacity'
import { changeHost } from '@paas/store/hosts'
import type { Scheduler } from './deps.ts'
import { readMachine } from './host-facts.ts'

/** The text of ENOSPC, as kernel, engine and registry all pass it on. */
const NO_SPACE = 'no space left on device'

/** Whether this failed because the host's disk is full: then its row says so, and nothing more is placed there. Rejects when the host does not answer. */
export async function noticeFullDisk(
  { store, fleet, placer, settings, log }: Pick<Scheduler, 'store' | 'fleet' | 'placer' | 'settings' | 'log'>,
  hostId: string,
  failure: unknown,
): Promise<boolean> {
  const member = fleet.get(hostId)
  if (!member || fleet.isAlone() || !(failure instanceof Error && failure.message.includes(NO_SPACE))) return false
  const { disk } = await readMachine(member, settings.dataDir)
  const { freeBytes: diskFree, totalBytes: diskTotal } = disk
  if (!isDiskFull({ diskFree })) return false
  log.warn({ host: member.host.name, diskFree }, 'host.disk_full')
  await changeHost(store, hostId, { diskFree, diskTotal })
  await fleet.refresh()
  await placer.refresh()
  return true
}
