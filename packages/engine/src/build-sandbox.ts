// Where a Dockerfile is built on this host: a user namespace without a right
// outside of it, in the limits and the network of one build container.
//
// That container only sleeps. The engine gives it memory, CPU, process limits
// and a place on the network of builds, as to every build, and our processes
// join its cgroups and its network; so there is one kind of limit, and one
// clean-up for builders that were killed. Root in here is user 200000 outside.
// Works where the engine runs on this machine; the probe in
// build-isolated-probe.ts finds out.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { PlatformError } from '@paas/domain/errors'
import { buildContainerName, buildLimits, removeContainer } from './build-container.ts'
import { wholeLines } from './build-lines.ts'
import type { Engine } from './client.ts'
import { ensureBuildsNetwork } from './networks.ts'

/** First of the 65,536 users of the sandbox: above every user of a Debian system and every range that adduser hands out. */
export const SANDBOX_UID = 200_000
const UID_COUNT = 65_536
const ENTRY = path.join(import.meta.dirname, 'build-sandbox.sh')
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Killed before anything of the platform when the host runs out of memory. */
const OOM_SCORE_ADJ = 500

export interface SandboxSpec {
  buildId: string
  appId: string
  /** Has `sleep`. */
  image: string
  memoryMiB: number
  pids: number
  /** Of this build alone; emptied here, removed at the end. /mnt/build inside. */
  work: string
  /** Of the app, kept between builds. /mnt/app inside. */
  app: string
  /** Of everybody, read only unless a command says otherwise. /mnt/bases inside. */
  bases: string
}

export interface SandboxCommand {
  argv: readonly string[]
  env?: Record<string, string>
  /** Lets it write to /mnt/bases: never while pushed code runs. */
  writesBases?: boolean
  input?: Readable
  onOutput?: (chunk: Buffer) => void
}

export interface Sandbox {
  /** Its exit code. Rejects with the signal's reason when that aborts; every process of it is dead then. */
  run(command: SandboxCommand): Promise<number>
  /** Whether the kernel killed something in here for memory. */
  wasOutOfMemory(): Promise<boolean>
  close(): Promise<void>
}

/** Throws `engine_refused` where the kernel or the engine does not allow it. */
export async function openSandbox(engine: Engine, spec: SandboxSpec, signal: AbortSignal): Promise<Sandbox> {
  signal.throwIfAborted()
  const name = buildContainerName(engine, spec.buildId)
  const [container, userNamespace] = await Promise.all([startHolder(engine, spec, name), holdUserNamespace()])
  async function close(): Promise<void> {
    userNamespace.kill('SIGKILL')
    await Promise.all([removeContainer(engine, name).catch(() => {}), rm(spec.work, { recursive: true, force: true })])
  }
  try {
    const { State } = await engine.call(`inspect ${name}`, (abortSignal) => container.inspect({ abortSignal }))
    const cgroups = await cgroupsOf(State.Pid)
    await prepareFolders(spec)
    return {
      run: (command) => runIn(spec, { userNamespace: userNamespace.pid!, network: State.Pid, cgroups }, command, signal),
      wasOutOfMemory: () => countsOomKills(cgroups),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function startHolder(engine: Engine, spec: SandboxSpec, name: string) {
  const [network, limits] = await Promise.all([ensureBuildsNetwork(engine), buildLimits(engine, spec)])
  await removeContainer(engine, name)
  const container = await engine.call(`create container ${name}`, (abortSignal) =>
    engine.docker.createContainer({
      name,
      Image: spec.image,
      Cmd: ['sleep', 'infinity'],
      Entrypoint: [],
      User: '20000:20000',
      Labels: { 'paas.prefix': engine.prefix, 'paas.app': spec.appId, 'paas.build': spec.buildId },
      NetworkDisabled: false,
      HostConfig: { ...limits, NetworkMode: network, ReadonlyRootfs: true, LogConfig: { Type: 'none', Config: {} } },
      abortSignal,
    } as object),
  )
  await engine.call(`start ${name}`, (abortSignal) => container.start({ abortSignal }))
  return container
}

/** A process that keeps the namespace; its user ids are given by us, for it may not choose them. */
async function holdUserNamespace(): Promise<ChildProcess> {
  const child = spawn(
    'unshare',
    ['--user', '--', 'setpriv', '--pdeathsig', 'KILL', '--', 'sh', '-c', 'echo; exec sleep infinity'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH },
    },
  )
  try {
    await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'close').then(() => {
        throw new Error('it ended at once')
      }),
    ])
    for (const map of ['uid_map', 'gid_map']) await writeFile(`/proc/${child.pid}/${map}`, `0 ${SANDBOX_UID} ${UID_COUNT}`)
    return child
  } catch (cause) {
    child.kill('SIGKILL')
    throw new PlatformError('engine_refused', 'This host gives builds no user namespace', { cause })
  }
}

/** Folders of the process's cgroups. Memory and processes must be among what they limit. */
async function cgroupsOf(pid: number): Promise<string[]> {
  const lines = (await readFile(`/proc/${pid}/cgroup`, 'utf8')).trim().split('\n')
  const found = await Promise.all(
    lines.map(async (line) => {
      const [, controllers = '', ...rest] = line.split(':')
      const below = rest.join(':')
      // Version 1 has a hierarchy per controller, version 2 one for all; both at once have that one beside the others.
      const places = controllers ? [controllers.replace(/^name=/, '')] : ['', 'unified']
      for (const place of places) {
        const folder = path.join('/sys/fs/cgroup', place, below)
        if (await exists(path.join(folder, 'cgroup.procs'))) return folder
      }
      return undefined
    }),
  )
  const cgroups = found.filter((folder) => folder !== undefined)
  for (const [limit, legacy] of [
    ['memory.max', 'memory.limit_in_bytes'],
    ['pids.max', 'pids.max'],
  ] as const) {
    const limited = await Promise.all(
      cgroups.flatMap((folder) => [exists(path.join(folder, limit)), exists(path.join(folder, legacy))]),
    )
    if (!limited.includes(true)) throw new PlatformError('engine_refused', `The engine's cgroups have no ${limit} on this host`)
  }
  return cgroups
}

/** The kernel's own count, in the words of either version; the engine tells only when the container ends. */
async function countsOomKills(cgroups: readonly string[]): Promise<boolean> {
  const files = cgroups.flatMap((folder) => [path.join(folder, 'memory.oom_control'), path.join(folder, 'memory.events')])
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  return texts.some((text) => /^oom_kill [1-9]/m.test(text))
}

async function prepareFolders({ work, app, bases }: SandboxSpec): Promise<void> {
  await rm(work, { recursive: true, force: true })
  for (const folder of [bases, app, work, `${work}/run`, `${work}/tmp`, `${work}/home`]) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chown(folder, SANDBOX_UID, SANDBOX_UID)
  }
  await writeFile(`${work}/resolv.conf`, 'nameserver 127.0.0.11\noptions ndots:0\n', { mode: 0o644 })
}

async function runIn(
  { work, app, bases }: SandboxSpec,
  { userNamespace, network, cgroups }: { userNamespace: number; network: number; cgroups: string[] },
  { argv, env = {}, writesBases = false, input, onOutput }: SandboxCommand,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted()
  const places = [`/proc/${userNamespace}/ns/user`, `/proc/${network}/ns/net`, work, app, bases, writesBases ? 'rw' : 'ro']
  const command = ['choom', '-n', String(OOM_SCORE_ADJ), '--', ...argv]
  const child = spawn(
    'unshare',
    ['--mount', '--propagation', 'private', '--', 'sh', ENTRY, ...places, ...cgroups, '--', ...command],
    {
      cwd: '/',
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env: { PATH, HOME: '/mnt/build/home', TMPDIR: '/mnt/build/tmp', LC_ALL: 'C.UTF-8', ...env },
    },
  )
  // Its first process and with it the namespace of processes ends with this one.
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  try {
    for (const stream of [child.stdout!, child.stderr!]) {
      const lines = wholeLines((chunk) => onOutput?.(chunk))
      stream.on('data', (chunk: Buffer) => lines.write(chunk)).on('end', () => lines.end())
    }
    child.stdin?.on('error', () => {}) // it may end without reading
    if (input) input.on('error', kill).pipe(child.stdin!)
    const [code] = (await once(child, 'close')) as [number | null]
    signal.throwIfAborted()
    return code ?? 137
  } finally {
    signal.removeEventListener('abort', kill)
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
