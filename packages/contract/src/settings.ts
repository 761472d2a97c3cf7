// Every setting of the platform, as read once by apps/platform (its config.ts
// parses the environment; .env.example documents the variables).

export interface Settings {
  /** Apps are `name.DOMAIN`; `DOMAIN` and `api.DOMAIN` answer the api, `git.DOMAIN` and `DOMAIN` git. */
  domain: string
  /** Address the public ports bind to. */
  bindAddress: string
  httpPort: number
  httpsPort: number
  /** TLS port of attached one-off dynos. */
  rendezvousPort: number
  /** Everything durable: Postgres, Redis, repositories, sources, logs, keys, certificates. */
  dataDir: string
  /** Unix sockets and pid files; short, since a socket's path has at most 107 bytes. */
  runDir: string
  /** Stack images and language runtimes as files, shared by every platform on the machine; may be deleted at any time. */
  cacheDir: string
  databaseUrl: string
  redisUrl: string
  /** `unix:///var/run/docker.sock` */
  dockerHost: string
  /** What runs dynos: the engine itself, or the swarm that it manages. Chosen at install. */
  engineKind: 'docker' | 'swarm'
  /** Begins the name of every container, network, volume and image of this platform. */
  namePrefix: string
  /** Parent cgroup of dynos and builds, on engines with the cgroupfs driver. */
  cgroupParent: string
  /** One private range; each app's network takes a /26 of it. */
  appSubnet: string
  /** One private range for the addresses of hosts among each other; this machine has the first. */
  linkSubnet: string
  /** UDP port of the link, on every host. */
  linkPort: number
  /** Range of which every other host takes a /18 for its app networks. */
  hostSubnets: string
  /** Of the image registry, which other hosts pull from; on this machine's link address. */
  registryPort: number
  routerProcesses: number
  stopGraceMs: number
  drainMs: number
  bootTimeoutMs: number
  releasePhaseTimeoutMs: number
  /** Memory promised to dynos per memory that a host has: most use a fraction of what they may. */
  memoryOvercommit: number
  /** What a dyno may write to its own disk before it is stopped. */
  dynoDiskMaxMiB: number
  buildConcurrency: number
  buildTimeoutMs: number
  buildMemoryMiB: number
  buildPids: number
  sourceMaxBytes: number
  sourceMaxEntries: number
  packMaxBytes: number
  slugMaxBytes: number
  diskReserveBytes: number
  apiRequestsPerHour: number
  /** Extra CA certificates for builds and dynos (PEM file), and mirrors; undefined: the machine's own. */
  caBundle: string | undefined
  npmRegistry: string | undefined
  pipIndexUrl: string | undefined
  aptSources: string | undefined
  logLevel: string
}

/** File names under the two directories, so that stages find each other. */
export const paths = {
  apiSocket: (s: Pick<Settings, 'runDir'>) => `${s.runDir}/api.sock`,
  receiverSocket: (s: Pick<Settings, 'runDir'>) => `${s.runDir}/receiver.sock`,
  routesSocket: (s: Pick<Settings, 'runDir'>) => `${s.runDir}/routes.sock`,
  logsSocket: (s: Pick<Settings, 'runDir'>) => `${s.runDir}/logs.sock`,
  routerTable: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/router/table.json`,
  repositories: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/repositories`,
  sources: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/sources`,
  /** One file per app: the last layer of its newest image, for hosts that have all below it. May be gone at any time. */
  newestLayer: (s: Pick<Settings, 'dataDir'>, appId: string, buildId: string) => `${s.dataDir}/layers/${appId}/${buildId}.tar`,
  logs: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/logs`,
  configKey: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/keys/config.key`,
  certificate: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/tls/platform.pem`,
  certificateKey: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/tls/platform.key`,
  /** Engines of other hosts and how to be known to them, for who only follows them; a copy that the scheduler keeps, absent while there are none. */
  hostEngines: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/hosts/engines.json`,
  caCertificate: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/tls/ca.pem`,
  registry: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/registry`,
  /** There when the platform needs its registry, which runs for as long as it is there. */
  registryConfig: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/registry/config.yml`,
  /** There from the wish to collect the registry's garbage until that is done. */
  registryCollect: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/registry/collect`,
  /** Signs tokens; the registry itself never sees it. */
  registryTokenKey: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/keys/registry-token.key`,
  registryTokenCertificate: (s: Pick<Settings, 'dataDir'>) => `${s.dataDir}/keys/registry-token.pem`,
}
