// What the scheduler's parts share.
import type { Settings } from '@paas/contract/settings'
import type { Engine } from '@paas/engine/client'
import type { LogReader, LogWriter } from '@paas/logs/types'
import type { Registry } from '@paas/registry/registry'
import type { Logger } from '@paas/service/log'
import type { HostCredentials } from '@paas/store/hosts'
import type { Store } from '@paas/store/store'
import type { Erasures } from './erasures.ts'
import type { Fleet } from './fleet.ts'
import type { HostImages } from './host-images.ts'
import type { Jobs } from './jobs.ts'
import type { LinkTurns } from './links.ts'
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
  | 'engineKind'
  | 'namePrefix'
  | 'cgroupParent'
  | 'appSubnet'
  | 'hostSubnets'
  | 'linkSubnet'
  | 'linkPort'
  | 'registryPort'
  | 'databaseUrl'
  | 'memoryOvercommit'
  | 'stopGraceMs'
  | 'drainMs'
  | 'bootTimeoutMs'
  | 'releasePhaseTimeoutMs'
  | 'dynoDiskMaxMiB'
>

/** What only other hosts need. */
export interface HostDeps {
  registry: Registry
  /** The stack image that dynos run on, as the local engine names it. */
  stackImage: string
  /** Makes the image of the link on this engine unless it is there; answers its name. */
  linkImage(engine: Engine): Promise<string>
  authority: CertificateAuthority
}

/** The platform's own: whoever holds its key gives the scheduler these. */
export interface CertificateAuthority {
  /** PEM. */
  certificate(): string
  issueClient(): Promise<HostCredentials>
  signServer(request: { csr: string; address: string }): Promise<{ cert: string }>
}

export interface SchedulerDeps extends HostDeps {
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
  hostImages: HostImages
  linkTurns: LinkTurns
  /** Have another look at this app, now. */
  look(appId: string): void
}
