// The container one build runs in: every limit the engine has, no capability,
// its own network, nothing of the host mounted.
//
// Sources go in by archive into the created container and results come out of
// its stdout, so this works the same over a socket and over TCP. stderr is what
// people read; stdout belongs to our own script in there, which writes messages
// and tars to it (apps/builder/container/build). One attach carries both.
import { PassThrough, type Readable } from 'node:stream'
import { demultiplex } from './build-container-output.ts'
import { BULK_DEADLINE_MS, type Engine, statusOf } from './client.ts'
import { ensureBuildsNetwork } from './networks.ts'
import { openTar, type TarSource } from './tar.ts'
import { ensureVolume } from './volumes.ts'

/** Told apart by this label: a dyno inherits `paas.build` from its image. */
const BUILD_KIND = 'build'
/** Half a dyno's share: builds yield to apps when the host is busy. */
const CPU_SHARES = 256
const MAX_CPUS = 2
/** First to go when the host, not the container, runs out of memory. */
const OOM_SCORE_ADJ = 500

export interface BuildContainer {
  buildId: string
  appId: string
  image: string
  command: string[]
  /** Never config vars: those go in as files. */
  env: Record<string, string>
  /** Mounted at /cache; survives the build. */
  cacheVolume: string
  /** Unpacked at / before the start, in this order. */
  archives: TarSource[]
  memoryMiB: number
  pids: number
}

export interface BuildStreams {
  /** Bytes people read; must not block. */
  onOutput(chunk: Buffer): void
  /** Reads what the script writes to stdout; the container is removed only after this has resolved. */
  readChannel(channel: Readable): Promise<void>
}

export interface BuildExit {
  exitCode: number
  oomKilled: boolean
}

/**
 * Runs it to its end and removes it. When the signal aborts, the container and
 * every process in it are killed, and the call rejects with the signal's reason.
 * A leftover of the same build id (an earlier attempt) is removed first.
 */
export async function runBuildContainer(
  engine: Engine,
  build: BuildContainer,
  streams: BuildStreams,
  signal: AbortSignal,
): Promise<BuildExit> {
  signal.throwIfAborted()
  const name = buildContainerName(engine, build.buildId)
  const labels = { 'paas.prefix': engine.prefix, 'paas.app': build.appId }
  const [network, limits] = await Promise.all([
    ensureBuildsNetwork(engine),
    buildLimits(engine, build),
    ensureVolume(engine, build.cacheVolume, { 'paas.app': build.appId }),
  ])
  await removeContainer(engine, name)
  const container = await engine.call(`create container ${name}`, (abortSignal) =>
    engine.docker.createContainer({
      name,
      Image: build.image,
      Cmd: build.command,
      Entrypoint: [],
      User: '20000:20000',
      WorkingDir: '/app',
      Env: Object.entries(build.env).map(([key, value]) => `${key}=${value}`),
      Labels: { ...labels, 'paas.kind': BUILD_KIND, 'paas.build': build.buildId },
      AttachStdout: true,
      AttachStderr: true,
      HostConfig: {
        ...limits,
        Init: true,
        NetworkMode: network,
        LogConfig: { Type: 'none', Config: {} },
        Mounts: [{ Type: 'volume', Source: build.cacheVolume, Target: '/cache' }],
      },
      abortSignal,
    } as object),
  )
  let ended = false
  const kill = () => void removeContainer(engine, name).catch(() => {})
  try {
    for (const archive of build.archives) {
      signal.throwIfAborted()
      const { bytes, stream } = await openTar(archive)
      const deadlineMs = BULK_DEADLINE_MS + bytes / 1_000
      await engine.call(`put source into ${name}`, (abortSignal) => container.putArchive(stream, { path: '/', abortSignal }), {
        deadlineMs,
      })
    }
    const attached = (await engine.call(`attach ${name}`, (abortSignal) =>
      container.attach({ stream: true, stdout: true, stderr: true, abortSignal }),
    )) as unknown as Readable
    signal.addEventListener('abort', kill)
    signal.throwIfAborted()
    const channel = new PassThrough()
    const read = streams.readChannel(channel)
    const flowed = demultiplex(attached, { stdout: channel, onStderr: streams.onOutput })
    // A reader that fails must not leave the container running until its time is over.
    read.catch(kill)
    await engine.call(`start ${name}`, (abortSignal) => container.start({ abortSignal }))
    await Promise.all([flowed, read])
    signal.throwIfAborted()
    await engine.call(`wait for ${name}`, (abortSignal) => container.wait({ abortSignal }))
    const { State } = await engine.call(`inspect ${name}`, (abortSignal) => container.inspect({ abortSignal }))
    ended = true
    return { exitCode: State.ExitCode, oomKilled: State.OOMKilled }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', kill)
    // Half a second nobody has to wait for when it has ended; the builder's clean-up removes what could not be removed now.
    const removed = removeContainer(engine, name).catch(() => {})
    if (!ended) await removed
  }
}

/** Every limit the engine has, for a container a build runs in. */
export async function buildLimits(
  engine: Engine,
  { memoryMiB, pids }: Pick<BuildContainer, 'memoryMiB' | 'pids'>,
): Promise<object> {
  return {
    Memory: memoryMiB * 1024 * 1024,
    MemorySwap: memoryMiB * 1024 * 1024,
    CpuShares: CPU_SHARES,
    NanoCpus: Math.min(await countCpus(engine), MAX_CPUS) * 1e9,
    PidsLimit: pids,
    OomScoreAdj: OOM_SCORE_ADJ,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    // Lower only: an engine without SYS_RESOURCE may not raise a limit above its own.
    Ulimits: [{ Name: 'core', Soft: 0, Hard: 0 }],
    ...(engine.cgroupParent && { CgroupParent: engine.cgroupParent }),
  }
}

export function buildContainerName(engine: Engine, buildId: string): string {
  return `${engine.prefix}.build.${buildId}`
}

/** Kills and removes it; missing is fine. */
export async function removeContainer(engine: Engine, name: string): Promise<void> {
  await engine
    .call(
      `remove container ${name}`,
      (abortSignal) => engine.docker.getContainer(name).remove({ force: true, v: true, abortSignal } as object),
      {
        deadlineMs: 60_000,
        expected: [404, 409], // 409: its removal is under way already
      },
    )
    .catch((error) => {
      if (statusOf(error) === undefined) throw error
    })
}

/** Build containers of this platform, running or not. */
export async function listBuildContainers(engine: Engine): Promise<{ name: string; buildId: string; appId: string }[]> {
  const filters = { label: [`paas.prefix=${engine.prefix}`, `paas.kind=${BUILD_KIND}`] }
  const found = await engine.call('list build containers', (abortSignal) =>
    engine.docker.listContainers({ all: true, filters, abortSignal } as object),
  )
  return found.map(({ Id, Labels }) => ({ name: Id, buildId: Labels['paas.build'] ?? '', appId: Labels['paas.app'] ?? '' }))
}

const cpusOf = new WeakMap<object, Promise<number>>()

/** How many the engine has; asking for more than that is refused. */
function countCpus(engine: Engine): Promise<number> {
  let cpus = cpusOf.get(engine.docker)
  if (!cpus) {
    cpus = engine
      .call('info', (abortSignal) =>
        (engine.docker.info as (options: object) => Promise<{ NCPU: number }>).call(engine.docker, { abortSignal }),
      )
      .then(({ NCPU }) => NCPU)
    cpus.catch(() => cpusOf.delete(engine.docker))
    cpusOf.set(engine.docker, cpus)
  }
  return cpus
}
