// Stopping a server without failing a request: no new connections, requests
// under way go on to their end, and kept connections get a moment to send what
// they may just be sending.
import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { pause } from '@paas/service/wait'

/** Resolves when nothing is under way any more, at the latest after `drainMs`; what is left then is cut. */
export async function drain(
  servers: readonly Server[],
  isIdle: () => boolean,
  drainMs: number,
  drainIdleMs: number,
): Promise<void> {
  // http's own close() would end idle connections at once, under a request that is on its way.
  for (const server of servers) if (server.listening) NetServer.prototype.close.call(server)
  const startedAt = performance.now()
  await pause(Math.min(drainIdleMs, drainMs))
  while (!isIdle() && performance.now() - startedAt < drainMs) {
    for (const server of servers) server.closeIdleConnections()
    await pause(25)
  }
  for (const server of servers) {
    server.close(() => {})
    server.closeAllConnections()
  }
}
