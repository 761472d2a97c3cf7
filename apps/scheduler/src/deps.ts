// What the scheduler's parts share.
import type { Settings } from '@paas/contract/settings'
import type { Engine } from '@paas/engine/client'
import type { LogReader, LogWriter } from '@paas/logs/types'
import type { Logger } from '@paas/service/log'
import type { Store } from '@paas/store/store'
import type { Erasures } from './erasures.ts'
import type { Fleet } from './fleet.ts'
import type { Jobs } from './jobs.ts'
import type { Placer } from './placer.ts'
import type { PreparedNetworks } from './prepared.ts'
import type { RouteServer } from './routes.ts'

export type SchedulerSettings = Pick<
  Settings,
  | 'domain'
  | 'bindAddress'
  | 'httpPort'
  | 'httpsPort'
  | 'rendezvousPort'
  | 'dataDir'
  | 'runDir'
  | 'dockerHost'
  | 'namePrefix'
  | 'cgroupParent'
  | 'hostSubnets'
  | 'databaseUrl'
  | 'memoryOvercommit'
  | 'stopGraceMs'
  | 'drainMs'
  | 'bootTimeoutMs'
  | 'releasePhaseTimeoutMs'
  | 'dynoDiskMaxMiB'
>

export interface SchedulerDeps {
  store: Store
  /** Of the platform's own machine. */
  engine: Engine
  logs: LogWriter
  logReader: Pick<LogReader, 'remove'>
  log: Logger
  settings: SchedulerSettings
}

export interface Scheduler extends SchedulerDeps {
  routes: RouteServer
  jobs: Jobs
  erasures: Erasures
  prepared: PreparedNetworks
  fleet: Fleet
  placer: Placer
  /** Have another look at this app, now. */
  look(appId: string): void
}
