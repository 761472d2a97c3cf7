// The supervisor: starts Postgres, Redis, the registry and every stage, and starts again
// whatever dies. It holds no logic of the platform and few bytes.
//
// Routers first: they serve the last table with everything else down. Nothing
// waits for anything here; each stage retries what it needs.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '@paas/contract/settings'
import type { Logger } from '@paas/service/log'
import { type ComponentSpec, keepRunning, recordSelf } from './component.ts'
import { postgresComponent } from './postgres.ts'
import { redisComponent } from './redis.ts'
import { isRegistryWanted, REGISTRY, superviseRegistry } from './registry.ts'

const APPS = path.resolve(import.meta.dirname, '../..')
/** Small young generations keep idle stages small; the figures were found with bin/status on an idle platform. */
const ROUTER_FLAGS = ['--max-semi-space-size=4', '--disable-warning=DEP0060'] // http-proxy 1.18 still calls util._extend
const STAGE_FLAGS = ['--max-semi-space-size=8']

export interface SupervisorOptions {
  settings: Settings
  embedded: { postgres: boolean; redis: boolean }
  log: Logger
}

/** Runs until the signal aborts; then stops stages before the stores they use. */
export async function supervise({ settings, embedded, log }: SupervisorOptions, signal: AbortSignal): Promise<void> {
  recordSelf(settings.runDir, 'platform')
  const stores = [
    ...(embedded.postgres ? [await postgresComponent(settings.dataDir, settings.runDir, logFile(settings, 'postgres'))] : []),
    ...(embedded.redis ? [redisComponent(settings.dataDir, settings.runDir, logFile(settings, 'redis'))] : []),
  ]
  const stopStores = new AbortController()
  const storesDone = Promise.all([
    run(stores, settings, log, stopStores.signal),
    superviseRegistry(settings, logFile(settings, REGISTRY), log, stopStores.signal),
  ])
  await run(stages(settings), settings, log, signal)
  stopStores.abort()
  await storesDone
}

function run(specs: ComponentSpec[], { runDir }: Settings, log: Logger, signal: AbortSignal): Promise<unknown> {
  return Promise.all(specs.map((spec) => keepRunning(spec, runDir, log, signal)))
}

/** Our own processes, routers first. */
function stages(settings: Settings): ComponentSpec[] {
  const routers = Array.from({ length: settings.routerProcesses }, (_, i) =>
    stage(settings, `router.${i + 1}`, 'router/src/main.ts', ROUTER_FLAGS, 60_000),
  )
  return [
    ...routers,
    stage(settings, 'log-router', 'log-router/src/main.ts', STAGE_FLAGS, 10_000),
    stage(settings, 'control', 'platform/src/control.ts', STAGE_FLAGS, 20_000),
  ]
}

/** Names of what `bin/status` shows, in its order. */
export function componentNames(settings: Settings, embedded: { postgres: boolean; redis: boolean }): string[] {
  return [
    'platform',
    ...stages(settings).map(({ name }) => name),
    ...(embedded.postgres ? ['postgres'] : []),
    ...(embedded.redis ? ['redis'] : []),
    ...(isRegistryWanted(settings) ? [REGISTRY] : []),
  ]
}

function stage(settings: Settings, name: string, main: string, flags: string[], stopDeadlineMs: number): ComponentSpec {
  return {
    name,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', ...flags, path.join(APPS, main)],
    options: { env: { ...process.env, PAAS_SETTINGS: JSON.stringify(settings), NODE_COMPILE_CACHE: compileCache(settings) } },
    logPath: logFile(settings, name),
    stopDeadlineMs,
  }
}

/** Compiled TypeScript, shared by all stages: a router starts with 33 MB in place of 60. */
export function compileCache({ cacheDir }: Settings): string {
  return path.join(cacheDir, 'node-compile')
}

/** `dataDir/platform-logs/NAME.log`. */
export function logFile({ dataDir }: Settings, name: string): string {
  const directory = path.join(dataDir, 'platform-logs')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return path.join(directory, `${name}.log`)
}
