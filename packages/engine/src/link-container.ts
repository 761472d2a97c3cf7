// The container that holds a host's link: in the host's own network, with the
// one right to change it, and back by itself after a reboot.
import { createHash } from 'node:crypto'
import type { ContainerCreateOptions } from 'dockerode'
import { type Engine, statusOf } from './client.ts'
import { LABEL, labelsOf } from './labels.ts'
import { linkInterface } from './networks.ts'
import { ensureVolume, removeVolume } from './volumes.ts'

const SPEC = 'paas.spec'
const MIB = 1024 * 1024
/** wireguard-go keeps up to a thousand packets of 64 kB under way. */
const MEMORY_BYTES = 512 * MIB
/** wireguard-go starts threads by the number of CPUs. */
const PIDS = 512
const LOG = { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } }
/** iptables' older tables are changed as a whole: whoever does not hold this lock undoes what another does. */
const XTABLES_LOCK = '/run/xtables.lock'

export const linkContainerName = ({ prefix }: Pick<Engine, 'prefix'>): string => `${prefix}.link`

const volumeName = ({ prefix }: Pick<Engine, 'prefix'>): string => `${prefix}-link`

/** Running, on this image; one that is made otherwise is replaced, and finds key and state in the volume. */
export async function ensureLinkContainer(engine: Engine, image: string): Promise<void> {
  const name = linkContainerName(engine)
  const config = containerConfig(engine, image)
  const spec = createHash('sha256').update(JSON.stringify(config)).digest('hex').slice(0, 16)
  const found = await findLinkContainer(engine)
  if (found?.spec === spec) {
    if (!found.running) await startLinkContainer(engine)
    return
  }
  if (found) await remove(engine, name)
  await ensureVolume(engine, volumeName(engine), { [LABEL.kind]: 'link' })
  const labelled = { ...config, Labels: { ...config.Labels, [SPEC]: spec } }
  try {
    await create(engine, name, withXtablesLock(labelled), [400, 409])
  } catch (error) {
    if (statusOf(error) === 400)
      await create(engine, name, labelled, [409]) // no such file: only newer tables are in use
    else if (statusOf(error) !== 409) throw error // another call was quicker
  }
  await startLinkContainer(engine)
}

/** Running already is fine. */
export async function startLinkContainer(engine: Engine): Promise<void> {
  const name = linkContainerName(engine)
  try {
    await engine.call(`start ${name}`, (abortSignal) => engine.docker.getContainer(name).start({ abortSignal }), {
      expected: [304],
    })
  } catch (error) {
    if (statusOf(error) !== 304) throw error
  }
}

/** Undefined when there is none. */
export async function findLinkContainer(engine: Engine): Promise<{ running: boolean; spec: string | undefined } | undefined> {
  const name = linkContainerName(engine)
  try {
    const facts = await engine.call(`inspect ${name}`, () => engine.docker.getContainer(name).inspect(), { expected: [404] })
    return { running: facts.State.Running && !facts.State.Restarting, spec: facts.Config.Labels[SPEC] }
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** The container, its key and its state; missing is fine. */
export async function removeLinkContainer(engine: Engine): Promise<void> {
  await remove(engine, linkContainerName(engine))
  await removeVolume(engine, volumeName(engine))
}

function containerConfig(engine: Engine, image: string): ContainerCreateOptions {
  return {
    Image: image,
    Env: [`LINK_INTERFACE=${linkInterface(engine)}`],
    User: '0:0',
    Labels: { ...labelsOf(engine, {}), [LABEL.kind]: 'link' },
    HostConfig: {
      NetworkMode: 'host',
      UsernsMode: 'host', // where the engine maps users, only the host's own may change its network
      CapDrop: ['ALL'],
      // NET_RAW: iptables' older tables are reached by a raw socket.
      CapAdd: ['NET_ADMIN', 'NET_RAW'],
      SecurityOpt: ['no-new-privileges'],
      Devices: [{ PathOnHost: '/dev/net/tun', PathInContainer: '/dev/net/tun', CgroupPermissions: 'rw' }],
      ReadonlyRootfs: true,
      Tmpfs: { '/run': 'rw,noexec,nosuid,size=1m', '/tmp': 'rw,noexec,nosuid,size=1m' },
      Mounts: [{ Type: 'volume', Source: volumeName(engine), Target: '/link/state' }],
      Memory: MEMORY_BYTES,
      MemorySwap: MEMORY_BYTES,
      PidsLimit: PIDS,
      RestartPolicy: { Name: 'always' },
      LogConfig: LOG,
    },
  }
}

function withXtablesLock(config: ContainerCreateOptions): ContainerCreateOptions {
  const { HostConfig } = config
  const lock = { Type: 'bind' as const, Source: XTABLES_LOCK, Target: XTABLES_LOCK }
  return { ...config, HostConfig: { ...HostConfig, Mounts: [...(HostConfig?.Mounts ?? []), lock] } }
}

async function create(engine: Engine, name: string, config: ContainerCreateOptions, expected: number[]): Promise<void> {
  await engine.call(`create ${name}`, (abortSignal) => engine.docker.createContainer({ ...config, name, abortSignal }), {
    expected,
  })
}

async function remove(engine: Engine, name: string): Promise<void> {
  try {
    await engine.call(`remove ${name}`, (abortSignal) => engine.docker.getContainer(name).remove({ force: true, abortSignal }), {
      expected: [404, 409],
    })
  } catch (error) {
    if (statusOf(error) === undefined) throw error
  }
}
