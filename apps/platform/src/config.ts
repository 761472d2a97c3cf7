// The platform's settings: the environment in, one frozen Settings out.
//
// Read once, here and nowhere else; every fault is reported together, so that
// nobody fixes one setting to learn of the next. `.env.example` documents each.

import type { Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { overlaps, parseBlock } from '@paas/engine/networks-subnet'
import { z } from 'zod'

const MIB = 1024 * 1024
const RUN_DIR_MAX = 80 // a unix socket's path has at most 107 bytes (unix(7)), and ours add up to 20

const whole = (name: string, min: number, max: number) =>
  z.coerce
    .number({ error: `${name} is not a number` })
    .int(`${name} is not a whole number`)
    .min(min)
    .max(max)
const absolute = z.string().startsWith('/', 'is not an absolute path')
const port = whole('port', 1, 65535)

const Environment = z.object({
  PAAS_DOMAIN: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, 'is not a host name in lower case')
    .default('localhost'),
  PAAS_BIND_ADDRESS: z.union([z.ipv4(), z.ipv6()], { error: 'is not an IP address' }).default('0.0.0.0'),
  PAAS_HTTP_PORT: port.default(80),
  PAAS_HTTPS_PORT: port.default(443),
  PAAS_RENDEZVOUS_PORT: port.default(5000),
  PAAS_DATA_DIR: absolute.default('/var/lib/paas'),
  PAAS_RUN_DIR: absolute
    .max(RUN_DIR_MAX, `is longer than ${RUN_DIR_MAX} characters, too long for unix sockets`)
    .default('/run/paas'),
  PAAS_CACHE_DIR: absolute.default('/var/cache/paas'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'does not begin with postgres://')
    .optional(),
  REDIS_URL: z
    .string()
    .regex(/^(rediss?|unix):\/\//, 'does not begin with redis://')
    .optional(),
  DOCKER_HOST: z
    .string()
    .regex(/^(unix|tcp):\/\//, 'does not begin with unix:// or tcp://')
    .default('unix:///var/run/docker.sock'),
  PAAS_ENGINE: z.enum(['docker', 'swarm'], { error: 'is neither docker nor swarm' }).default('docker'),
  PAAS_NAME_PREFIX: z
    .string()
    .regex(/^[a-z][a-z0-9]{1,15}$/, 'is not 2 to 16 letters and digits')
    .default('paas'),
  PAAS_CGROUP_PARENT: absolute.default('/paas'),
  PAAS_APP_SUBNET: z.cidrv4({ error: 'is not an IPv4 range such as 10.213.0.0/16' }).default('10.213.0.0/16'),
  PAAS_LINK_SUBNET: z.cidrv4({ error: 'is not an IPv4 range such as 10.127.0.0/16' }).default('10.127.0.0/16'),
  PAAS_HOST_SUBNETS: z.cidrv4({ error: 'is not an IPv4 range such as 10.128.0.0/10' }).default('10.128.0.0/10'),
  PAAS_LINK_PORT: port.default(51820),
  PAAS_REGISTRY_PORT: port.default(5443),
  PAAS_ROUTER_PROCESSES: whole('count', 1, 64).default(2),
  PAAS_STOP_GRACE_SECONDS: whole('seconds', 1, 3600).default(30),
  PAAS_DRAIN_SECONDS: whole('seconds', 0, 3600).default(30),
  PAAS_BOOT_TIMEOUT_SECONDS: whole('seconds', 1, 3600).default(60),
  PAAS_RELEASE_PHASE_TIMEOUT_SECONDS: whole('seconds', 1, 86400).default(3600),
  PAAS_MEMORY_OVERCOMMIT: z.coerce.number({ error: 'is not a number' }).min(1).max(64).default(4),
  PAAS_DYNO_DISK_MAX_MIB: whole('MiB', 16, 1024 * 1024).default(2048),
  PAAS_BUILD_CONCURRENCY: whole('count', 1, 64).default(2),
  PAAS_BUILD_TIMEOUT_SECONDS: whole('seconds', 10, 86400).default(900),
  PAAS_BUILD_MEMORY_MIB: whole('MiB', 128, 1024 * 1024).default(2048),
  PAAS_BUILD_PIDS: whole('count', 16, 1_000_000).default(512),
  PAAS_SOURCE_MAX_MIB: whole('MiB', 1, 1024 * 1024).default(1024),
  PAAS_SOURCE_MAX_ENTRIES: whole('count', 1, 10_000_000).default(100_000),
  PAAS_PACK_MAX_MIB: whole('MiB', 1, 1024 * 1024).default(1024),
  PAAS_SLUG_MAX_MIB: whole('MiB', 1, 1024 * 1024).default(500),
  PAAS_DISK_RESERVE_MIB: whole('MiB', 0, 1024 * 1024).default(5 * 1024),
  PAAS_API_REQUESTS_PER_HOUR: whole('count', 1, 10_000_000).default(4500),
  PAAS_CA_BUNDLE: absolute.optional(),
  PAAS_NPM_REGISTRY: z.url('is not a URL').optional(),
  PAAS_PIP_INDEX_URL: z.url('is not a URL').optional(),
  PAAS_APT_SOURCES: absolute.optional(),
  PAAS_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
})

/** Names of every setting, for `.env.example` and its test. */
export const settingNames = Object.keys(Environment.shape)

/** Throws `settings_invalid` naming every setting that is wrong, and unknown PAAS_ names, which are usually misspelt. */
export function readConfig(environment: Record<string, string | undefined>): Readonly<Settings> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = Environment.safeParse(given)
  const faults = [
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')} ${issue.message}`),
    ...Object.keys(given)
      .filter((name) => name.startsWith('PAAS_') && !settingNames.includes(name) && !NOT_OURS.has(name))
      .map((name) => `${name} is not a setting`),
    ...(parsed.data ? clashes(parsed.data) : []),
  ]
  if (!parsed.success || faults.length > 0) {
    throw new PlatformError(
      'settings_invalid',
      `The settings have ${faults.length === 1 ? 'a fault' : 'faults'}:\n${faults.map((f) => `  ${f}`).join('\n')}`,
      {
        hint: '`.env.example` lists every setting with its meaning.',
      },
    )
  }
  return Object.freeze(settingsOf(parsed.data))
}

/** Read by the CLI and between our own processes, not settings of the platform. */
const NOT_OURS = new Set(['PAAS_URL', 'PAAS_TOKEN', 'PAAS_CA_FILE', 'PAAS_SETTINGS', 'PAAS_CLI_DIR'])

type Environment = z.infer<typeof Environment>

function clashes(env: Environment): string[] {
  const ports = [env.PAAS_HTTP_PORT, env.PAAS_HTTPS_PORT, env.PAAS_RENDEZVOUS_PORT]
  const ranges = (['PAAS_APP_SUBNET', 'PAAS_LINK_SUBNET', 'PAAS_HOST_SUBNETS'] as const).flatMap((name) => {
    const block = parseBlock(env[name])
    return block ? [{ name, block }] : []
  })
  return [
    ...(new Set(ports).size < ports.length ? ['PAAS_HTTP_PORT, PAAS_HTTPS_PORT and PAAS_RENDEZVOUS_PORT must differ'] : []),
    ...ranges.flatMap(({ name, block }, at) =>
      ranges.slice(at + 1).flatMap((other) => (overlaps(block, other.block) ? [`${name} and ${other.name} overlap`] : [])),
    ),
  ]
}

function settingsOf(env: Environment): Settings {
  return {
    domain: env.PAAS_DOMAIN,
    bindAddress: env.PAAS_BIND_ADDRESS,
    httpPort: env.PAAS_HTTP_PORT,
    httpsPort: env.PAAS_HTTPS_PORT,
    rendezvousPort: env.PAAS_RENDEZVOUS_PORT,
    dataDir: env.PAAS_DATA_DIR,
    runDir: env.PAAS_RUN_DIR,
    cacheDir: env.PAAS_CACHE_DIR,
    databaseUrl: env.DATABASE_URL ?? `postgres://postgres@localhost/paas?host=${env.PAAS_RUN_DIR}/postgres`,
    redisUrl: env.REDIS_URL ?? `unix://${env.PAAS_RUN_DIR}/redis/redis.sock`,
    dockerHost: env.DOCKER_HOST,
    engineKind: env.PAAS_ENGINE,
    namePrefix: env.PAAS_NAME_PREFIX,
    cgroupParent: env.PAAS_CGROUP_PARENT,
    appSubnet: env.PAAS_APP_SUBNET,
    linkSubnet: env.PAAS_LINK_SUBNET,
    hostSubnets: env.PAAS_HOST_SUBNETS,
    linkPort: env.PAAS_LINK_PORT,
    registryPort: env.PAAS_REGISTRY_PORT,
    routerProcesses: env.PAAS_ROUTER_PROCESSES,
    stopGraceMs: env.PAAS_STOP_GRACE_SECONDS * 1000,
    drainMs: env.PAAS_DRAIN_SECONDS * 1000,
    bootTimeoutMs: env.PAAS_BOOT_TIMEOUT_SECONDS * 1000,
    releasePhaseTimeoutMs: env.PAAS_RELEASE_PHASE_TIMEOUT_SECONDS * 1000,
    memoryOvercommit: env.PAAS_MEMORY_OVERCOMMIT,
    dynoDiskMaxMiB: env.PAAS_DYNO_DISK_MAX_MIB,
    buildConcurrency: env.PAAS_BUILD_CONCURRENCY,
    buildTimeoutMs: env.PAAS_BUILD_TIMEOUT_SECONDS * 1000,
    buildMemoryMiB: env.PAAS_BUILD_MEMORY_MIB,
    buildPids: env.PAAS_BUILD_PIDS,
    sourceMaxBytes: env.PAAS_SOURCE_MAX_MIB * MIB,
    sourceMaxEntries: env.PAAS_SOURCE_MAX_ENTRIES,
    packMaxBytes: env.PAAS_PACK_MAX_MIB * MIB,
    slugMaxBytes: env.PAAS_SLUG_MAX_MIB * MIB,
    diskReserveBytes: env.PAAS_DISK_RESERVE_MIB * MIB,
    apiRequestsPerHour: env.PAAS_API_REQUESTS_PER_HOUR,
    caBundle: env.PAAS_CA_BUNDLE,
    npmRegistry: env.PAAS_NPM_REGISTRY,
    pipIndexUrl: env.PAAS_PIP_INDEX_URL,
    aptSources: env.PAAS_APT_SOURCES,
    logLevel: env.PAAS_LOG_LEVEL,
  }
}

/** Whether the platform runs its own Postgres and Redis (no URL was given). */
export function embedded(environment: Record<string, string | undefined>): { postgres: boolean; redis: boolean } {
  return { postgres: !environment['DATABASE_URL'], redis: !environment['REDIS_URL'] }
}

/** The platform's address for people: `http://localhost`, with the port when it is not the usual one. */
export function publicUrl({ domain, httpPort }: Pick<Settings, 'domain' | 'httpPort'>): string {
  return `http://${domain}${httpPort === 80 ? '' : `:${httpPort}`}`
}
