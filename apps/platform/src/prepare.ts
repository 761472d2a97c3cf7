// What must be there before the supervisor starts: directories, keys,
// certificates, a Docker Engine that answers, free ports, the stack images.
// Every step looks first, so that a second run changes nothing.
import { mkdirSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import type { Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { type Engine, openEngine } from '@paas/engine/client'
import { usesContainerdStore } from '@paas/engine/engine-facts'
import { findNodeId } from '@paas/engine/swarm-nodes'
import { ensureCertificates } from './certificates.ts'
import { ensureAdminLogin, ensureConfigKey } from './keys.ts'
import { prepareStack } from './stack.ts'

/** Throws a PlatformError that says what stands in the way. `onProgress` hears of long steps only. */
export async function prepare(settings: Settings, onProgress: (line: string) => void): Promise<void> {
  for (const directory of [settings.dataDir, settings.runDir]) mkdirSync(directory, { recursive: true, mode: 0o711 })
  for (const directory of [settings.dataDir, settings.runDir]) checkReachable(directory)
  ensureConfigKey(settings)
  ensureAdminLogin(settings)
  await ensureCertificates(settings)
  const engine = openEngine(settings)
  await checkEngine(engine)
  if (settings.engineKind === 'swarm') await findNodeId(engine)
  await checkPorts(settings)
  await prepareStack(engine, settings, onProgress)
}

/** Postgres and Redis run under accounts of their own, which must be able to walk there. */
function checkReachable(directory: string): void {
  if (process.getuid?.() !== 0) return
  for (let folder = path.dirname(directory); folder !== '/'; folder = path.dirname(folder)) {
    if (statSync(folder).mode & 0o001) continue
    throw new PlatformError('settings_invalid', `Postgres could not enter ${folder}, which leads to ${directory}`, {
      hint: `Let others pass through it (chmod o+x ${folder}), or choose another PAAS_DATA_DIR or PAAS_RUN_DIR.`,
    })
  }
}

/** Throws where the engine is too old, or keeps images where ours cannot be loaded layer by layer. */
async function checkEngine(engine: Engine): Promise<void> {
  const { DriverStatus } = await engine.call('info', () => engine.docker.info())
  if (!usesContainerdStore(DriverStatus)) return
  throw new PlatformError(
    'engine_refused',
    "The Docker Engine keeps its images in containerd's store, which paas cannot use yet",
    {
      hint: 'Put "features": { "containerd-snapshotter": false } into /etc/docker/daemon.json and restart Docker; it will not see the images it has now.',
    },
  )
}

async function checkPorts({ bindAddress, httpPort, httpsPort, rendezvousPort }: Settings): Promise<void> {
  const settings = { PAAS_HTTP_PORT: httpPort, PAAS_HTTPS_PORT: httpsPort, PAAS_RENDEZVOUS_PORT: rendezvousPort }
  for (const [name, port] of Object.entries(settings)) await checkPort(bindAddress, port, name)
}

async function checkPort(host: string, port: number, setting: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const what = cause.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be opened (${cause.code})`
      const hint = `Set ${setting} to a free port in .env; \`ss -ltnp sport = :${port}\` shows who has it.`
      reject(new PlatformError('port_taken', `Port ${port} ${what}`, { cause, hint }))
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  })
}
