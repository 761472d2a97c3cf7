// Looks at every dyno's memory now and then, and says so in the app's log
// while it is over its quota.
import { memoryLines } from '@paas/domain/memory-quota'
import { pause } from '@paas/service/wait'
import { listRunning } from '@paas/store/dynos'
import { say } from './app-lines.ts'
import type { Scheduler } from './deps.ts'
import { sizeOf } from './dyno-spec.ts'
import { answeringDynos } from './fleet.ts'

const EVERY_MS = 20_000 // Heroku's R14 comes as often

/** Runs until aborted; never rejects. */
export async function watchMemory({ store, fleet, logs, log }: Scheduler, signal: AbortSignal): Promise<void> {
  for (await pause(EVERY_MS, signal); !signal.aborted; await pause(EVERY_MS, signal)) {
    try {
      for (const { appId, hostId, containerId, name, size } of await listRunning(store)) {
        if (signal.aborted) return
        const bytes = await answeringDynos(fleet, hostId)?.readMemoryBytes(containerId)
        for (const line of bytes === undefined ? [] : memoryLines(bytes, sizeOf(size).memoryMiB)) say(logs, appId, name, line)
      }
    } catch (err) {
      log.warn({ err }, 'memory.not_read')
    }
  }
}
