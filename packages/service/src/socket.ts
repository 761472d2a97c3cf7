// Listening on a unix socket: the internal door of a stage.
import { chmod, mkdir, rm } from 'node:fs/promises'
import type { Server } from 'node:net'
import path from 'node:path'

/** Takes the path over from whoever died holding it; only this user may connect. */
export async function listenOnSocket(server: Server, socketPath: string): Promise<void> {
  await mkdir(path.dirname(socketPath), { recursive: true, mode: 0o700 })
  await rm(socketPath, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, () => {
      server.off('error', reject)
      resolve()
    })
  })
  await chmod(socketPath, 0o600)
}
