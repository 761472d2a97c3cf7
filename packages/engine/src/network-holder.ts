// A network made ready before the dyno that will use it.
//
// Two thirds of a container's start is its network (docs/design/050-place.md),
// so while a push is still on its way, a tiny sleeper takes a place in the
// app's network, and the dyno is then started into that place. The sleeper
// stays for as long as its dyno, and is removed after it.
import { randomBytes } from 'node:crypto'
import type { ContainerInspectInfo } from 'dockerode'
import { type Engine, statusOf } from './client.ts'
import { LABEL, labelFilter, labelsOf } from './labels.ts'
import { ensureAppNetwork } from './networks.ts'

const KIND = 'network'
const MEMORY_BYTES = 16 * 1024 * 1024

export interface Holder {
  id: string
  address: string
}

/** Starts a sleeper in the app's network. `image` must have coreutils: any image on our stack. */
export async function startHolder(engine: Engine, { appId, image }: { appId: string; image: string }): Promise<Holder> {
  const name = `${engine.prefix}.network.${appId}.${randomBytes(4).toString('hex')}`
  const network = await ensureAppNetwork(engine, appId)
  const container = await engine.call(`create ${name}`, (abortSignal) =>
    engine.docker.createContainer({
      name,
      Image: image,
      Entrypoint: [],
      Cmd: ['/bin/sleep', 'infinity'],
      Env: [],
      WorkingDir: '/',
      User: '20000:20000',
      Labels: { ...labelsOf(engine, { appId }), [LABEL.kind]: KIND },
      HostConfig: {
        NetworkMode: network,
        ReadonlyRootfs: true,
        Memory: MEMORY_BYTES,
        MemorySwap: MEMORY_BYTES,
        PidsLimit: 2,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges'],
        RestartPolicy: { Name: 'no' },
        LogConfig: { Type: 'none', Config: {} },
      },
      abortSignal,
    }),
  )
  await engine.call(`start ${name}`, (abortSignal) => container.start({ abortSignal }))
  const facts = await engine.call(`inspect ${name}`, () => container.inspect())
  return { id: container.id, address: addressIn(facts) ?? '' }
}

/** Sleepers, and whether a container of a dyno still stands on them. */
export async function listHolders(engine: Engine, appId?: string): Promise<{ id: string; used: boolean; createdAt: Date }[]> {
  const all = await engine.call('list containers', (abortSignal) =>
    engine.docker.listContainers({
      all: true,
      filters: JSON.stringify({ label: labelFilter(engine, appId ? { appId } : {}) }),
      abortSignal,
    }),
  )
  const used = new Set(all.map(({ Labels }) => Labels[LABEL.holder]))
  return all
    .filter(({ Labels }) => Labels[LABEL.kind] === KIND)
    .map(({ Id, Created }) => ({ id: Id, used: used.has(Id), createdAt: new Date(Created * 1000) }))
}

/** The address of a container, its holder's if it stands on one; undefined once it has ended. */
export async function findAddress(engine: Engine, facts: ContainerInspectInfo): Promise<string | undefined> {
  const holder = /^container:(.+)$/.exec(facts.HostConfig.NetworkMode ?? '')?.[1]
  if (!holder) return addressIn(facts)
  try {
    return addressIn(
      await engine.call('inspect network holder', () => engine.docker.getContainer(holder).inspect(), { expected: [404] }),
    )
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

function addressIn({ NetworkSettings }: ContainerInspectInfo): string | undefined {
  return Object.values(NetworkSettings.Networks)
    .map(({ IPAddress }) => IPAddress)
    .find(Boolean)
}
