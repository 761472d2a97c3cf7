// A whole platform for end-to-end tests: brought up by bin/up itself, with its
// own data directory, ports, name prefix, subnet and cgroup, so that it runs
// beside a live one; taken down with everything it made.
import { randomBytes, randomInt } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { dockerHost, engineKind } from './engine.ts'
import { purgeEngine } from './purge.ts'
import { type Ran, type RunOptions, run } from './run.ts'

export const ROOT = path.resolve(import.meta.dirname, '../../..')
const UP_DEADLINE_MS = 15 * 60_000 // a bare machine builds its stack images first
const DOWN_DEADLINE_MS = 120_000

/** Where a platform runs. */
export interface PlatformMachine {
  /** Runs a command there. */
  run(command: string, args: string[], options?: RunOptions): Promise<Ran>
  /** Its routers' address. */
  address: string
  dockerHost: string
}

const THIS_MACHINE: PlatformMachine = { run, address: '127.0.0.1', dockerHost: dockerHost() }

export interface TestPlatform {
  /** Absent: this one. A platform that tests share is handed to them as data. */
  machine?: PlatformMachine
  /** `http://localhost:PORT` */
  url: string
  domain: string
  httpPort: number
  httpsPort: number
  dataDir: string
  runDir: string
  /** Begins every name in the engine. */
  prefix: string
  home: string
  /** For bin/ commands, `paas` and git: settings, a home of its own, `paas` on the PATH. */
  env: Record<string, string>
}

/** Brings one up and logs its home in as admin. `overrides` are further settings. */
export async function startTestPlatform(
  overrides: Record<string, string> = {},
  machine?: PlatformMachine,
): Promise<TestPlatform> {
  const platform = await describe(overrides, machine)
  try {
    await bringUp(platform)
  } catch (error) {
    await stopTestPlatform(platform)
    throw error
  }
  return platform
}

/** `bin/up`: as the systemd unit does at boot. */
export async function bringUp(platform: TestPlatform): Promise<void> {
  const { env } = platform
  await must(machineOf(platform).run(path.join(ROOT, 'bin/up'), ['--detach'], { env, deadlineMs: UP_DEADLINE_MS }))
}

/** Stops it and removes every trace: containers, networks, volumes, images, firewall chains, files. */
export async function stopTestPlatform(platform: TestPlatform): Promise<void> {
  await machineOf(platform).run(path.join(ROOT, 'bin/down'), [], { env: platform.env, deadlineMs: DOWN_DEADLINE_MS })
  if (!platform.machine) await purgeEngine(platform.prefix) // another goes as a whole
  rmSync(path.dirname(platform.dataDir), { recursive: true, force: true })
}

export function machineOf({ machine = THIS_MACHINE }: TestPlatform): PlatformMachine {
  return machine
}

async function describe(overrides: Record<string, string>, machine?: PlatformMachine): Promise<TestPlatform> {
  const base = mkdtempSync(path.join(tmpdir(), 'paas-test-'))
  chmodSync(base, 0o711) // Postgres and Redis run under accounts of their own
  const [httpPort, httpsPort, rendezvousPort] = await freePorts()
  const prefix = `t${randomBytes(3).toString('hex')}`
  const home = path.join(base, 'home')
  mkdirSync(home)
  const dataDir = path.join(base, 'data')
  const runDir = path.join(base, 'run')
  return {
    ...(machine && { machine }),
    url: `http://localhost:${httpPort}`,
    domain: 'localhost',
    httpPort,
    httpsPort,
    dataDir,
    runDir,
    prefix,
    home,
    env: {
      ...machineEnvironment(),
      HOME: home,
      XDG_CONFIG_HOME: path.join(home, '.config'),
      PATH: `${path.join(ROOT, 'bin')}:${process.env['PATH']}`,
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Test',
      GIT_AUTHOR_EMAIL: 'test@example.com',
      GIT_COMMITTER_NAME: 'Test',
      GIT_COMMITTER_EMAIL: 'test@example.com',
      PAAS_DOMAIN: 'localhost',
      PAAS_HTTP_PORT: String(httpPort),
      PAAS_HTTPS_PORT: String(httpsPort),
      PAAS_RENDEZVOUS_PORT: String(rendezvousPort),
      PAAS_DATA_DIR: dataDir,
      PAAS_RUN_DIR: runDir,
      PAAS_NAME_PREFIX: prefix,
      PAAS_CGROUP_PARENT: `/${prefix}`,
      DOCKER_HOST: (machine ?? THIS_MACHINE).dockerHost,
      PAAS_ENGINE: engineKind(),
      PAAS_APP_SUBNET: '10.214.0.0/16',
      ...linkEnvironment(),
      PAAS_API_REQUESTS_PER_HOUR: '100000',
      ...overrides,
    },
  }
}

/** Its own ranges and ports of the link: several platforms with hosts run at once. */
function linkEnvironment(): Record<string, string> {
  const pick = randomInt(28)
  return {
    PAAS_LINK_SUBNET: `10.127.${pick}.0/24`,
    PAAS_HOST_SUBNETS: `10.${128 + 2 * pick}.0.0/15`,
    PAAS_LINK_PORT: String(20_000 + randomInt(10_000)),
    PAAS_REGISTRY_PORT: String(10_000 + randomInt(10_000)),
  }
}

/** The machine's own network configuration (proxies, CA files, mirrors), and nothing of a platform that runs here. */
function machineEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(PAAS_|HEROKU_|DATABASE_URL$|REDIS_URL$|VITEST|NODE_OPTIONS$|HOME$)/.test(name),
  )
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    // npm and pip read the machine's configuration from the real home.
    ...(process.env['HOME'] && { npm_config_userconfig: path.join(process.env['HOME'], '.npmrc') }),
  }
}

/** Free now, and below those that the kernel gives to clients: one of them might take it before the platform does. */
async function freePorts(): Promise<[number, number, number]> {
  const ports = new Set<number>()
  while (ports.size < 3) {
    const port = randomInt(10_000, 32_000)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports] as [number, number, number]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}

/** Rejects with everything the command said when it failed. */
export async function must(running: Promise<Ran>): Promise<Ran> {
  const ran = await running
  if (ran.code !== 0) throw new Error(`${ran.command} exited ${ran.code}:\n${ran.stdout}\n${ran.stderr}`)
  return ran
}
