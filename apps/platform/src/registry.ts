// The platform's image registry: Debian's, running for as long as there is a
// configuration for it, which control writes when the platform has a host
// besides its own machine (registry-hosts.ts).
//
// The supervisor knows files only, so the registry is there after a restart
// without Postgres. Collecting garbage needs a registry that is stopped, and
// so it is the supervisor that does it, when control asks (a file again).
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { paths, type Settings } from '@paas/contract/settings'
import { registryAddress } from '@paas/registry/address'
import type { Logger } from '@paas/service/log'
import { pause } from '@paas/service/wait'
import { ownDirectory } from './account.ts'
import { type ComponentSpec, keepRunning, runToEnd } from './component.ts'
import { registryAccount, storagePath } from './registry-files.ts'

export const REGISTRY = 'registry'
const BINARY = '/usr/bin/docker-registry'
const LOOK_MS = 500
const COLLECT_DEADLINE_MS = 110_000

type RegistrySettings = Pick<Settings, 'dataDir' | 'runDir' | 'linkSubnet'>

/** Whether there should be one: then `bin/status` shows it. */
export function isRegistryWanted(settings: Pick<Settings, 'dataDir'>): boolean {
  return existsSync(paths.registryConfig(settings))
}

/** Runs until the signal aborts; a registry that is not wanted costs one look at a file name now and then. */
export async function superviseRegistry(
  settings: RegistrySettings,
  logPath: string,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const config = readConfig(settings)
    if (config === undefined) removeStorage(settings)
    else if (await isLinkUp(settings)) await serve(config, { settings, logPath, log }, signal)
    await pause(LOOK_MS, signal)
  }
}

/** Until the configuration is another one or gone, or garbage is to be collected. */
async function serve(
  config: string,
  { settings, logPath, log }: { settings: RegistrySettings; logPath: string; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const collectFile = paths.registryCollect(settings)
  const stop = new AbortController()
  const serving = keepRunning(registrySpec(settings, logPath, 'serve'), settings.runDir, log, stop.signal)
  const goesOn = () => !signal.aborted && readConfig(settings) === config && !existsSync(collectFile)
  while (goesOn()) await pause(LOOK_MS, signal)
  stop.abort()
  await serving
  if (signal.aborted || !existsSync(collectFile)) return
  const began = performance.now()
  try {
    const late = AbortSignal.any([signal, AbortSignal.timeout(COLLECT_DEADLINE_MS)])
    await runToEnd(registrySpec(settings, logPath, 'garbage-collect', '--delete-untagged'), settings.runDir, late)
    forgetEmpty(settings)
    log.info({ elapsedMs: Math.round(performance.now() - began) }, 'registry.collected')
  } catch (err) {
    log.error({ err }, 'registry.not_collected')
  }
  if (!signal.aborted) rmSync(collectFile, { force: true })
}

/** One record for both: a supervisor that comes after us finds either, and never runs one beside the other. */
function registrySpec(settings: RegistrySettings, logPath: string, ...args: string[]): ComponentSpec {
  const account = registryAccount()
  return {
    name: REGISTRY,
    command: BINARY,
    args: [...args, paths.registryConfig(settings)],
    // Nothing of ours: the registry takes any setting from REGISTRY_ variables.
    options: { env: { PATH: '/usr/bin:/bin' }, cwd: '/', ...account },
    logPath,
    stopDeadlineMs: 15_000,
    async prepare() {
      await ownDirectory(storagePath(settings), account)
    },
  }
}

function readConfig(settings: Pick<Settings, 'dataDir'>): string | undefined {
  try {
    return readFileSync(paths.registryConfig(settings), 'utf8')
  } catch {
    return undefined
  }
}

/** The address it listens on comes with the link to other hosts, which may be later than we are. Asked by taking it: an interface without a carrier counts. */
function isLinkUp(settings: Pick<Settings, 'linkSubnet'>): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ host: registryAddress(settings), port: 0, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** After the last other host: whatever it held is in this machine's engine too. */
function removeStorage(settings: Pick<Settings, 'dataDir'>): void {
  rmSync(storagePath(settings), { recursive: true, force: true })
}

/** Repositories of apps that are gone: the registry itself keeps their empty folders for ever. One that never had an image is being pushed to. */
function forgetEmpty(settings: Pick<Settings, 'dataDir'>): void {
  const folder = path.join(storagePath(settings), 'docker/registry/v2/repositories')
  for (const repository of existsSync(folder) ? readdirSync(folder) : []) {
    const tags = path.join(folder, repository, '_manifests/tags')
    if (existsSync(tags) && readdirSync(tags).length === 0) rmSync(path.join(folder, repository), { recursive: true })
  }
}
