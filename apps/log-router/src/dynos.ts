// Which containers are followed: all dyno containers of this platform that the
// engine has, looked for at start, at every start event, and every few seconds
// in case an event was lost.
import type { ContainerOutput } from '@paas/engine/container-output'
import { Bell, pause } from '@paas/service/wait'
import { type FollowerDeps, followDyno } from './dyno-follower.ts'

const RESYNC_MS = 10_000
const RECONNECT_MS = 500

/** Runs until aborted, and then until every follower has stopped. */
export async function followDynos(deps: FollowerDeps, signal: AbortSignal): Promise<void> {
  const { output, log } = deps
  const bell = new Bell()
  /** By container; an exited one stays until the engine has removed it, so that it is read once. */
  const followed = new Map<string, Promise<void>>()
  const watching = ringAtStarts(output, bell, signal)
  while (!signal.aborted) {
    try {
      const containers = await output.list()
      for (const container of containers) {
        if (followed.has(container.id)) continue
        const following = followDyno(deps, container, signal).catch((err) => {
          log.error({ err, app: container.appId, dyno: container.dyno }, 'dyno-follower.failed')
          followed.delete(container.id)
        })
        followed.set(container.id, following)
      }
      const there = new Set(containers.map(({ id }) => id))
      for (const [id, done] of followed) if (!there.has(id)) void done.then(() => followed.delete(id))
    } catch (err) {
      log.warn({ err }, 'dynos.list-failed')
    }
    await bell.next(RESYNC_MS, signal)
  }
  await Promise.all([watching, ...followed.values()])
}

async function ringAtStarts(output: ContainerOutput, bell: Bell, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const _start of output.starts(signal)) bell.ring()
    } catch {
      // the list call, made next, says what is wrong
    }
    bell.ring()
    await pause(RECONNECT_MS, signal)
  }
}
