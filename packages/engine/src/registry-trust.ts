// An engine trusts the registry's certificate when it finds the authority's in
// a folder of its machine named after the registry
// (https://docs.docker.com/engine/security/certificates/). It looks there with
// every push and pull, so nothing has to be restarted.
//
// The file gets there through the engine itself: into a container that has the
// folder mounted and never starts.
import { randomBytes } from 'node:crypto'
import { BlockList, isIPv4 } from 'node:net'
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from './client.ts'
import { labelsOf } from './labels.ts'
import { makeTar } from './tar.ts'

const FOLDER = '/etc/docker/certs.d'
const MOUNTED = '/certs.d'
const FILE = 'ca.crt'

export interface RegistryTrust {
  /** `10.127.0.1:5443` */
  authority: string
  /** PEM. */
  ca: string
  /** Any image that the engine has; nothing of it runs. */
  image: string
}

/** Writes the file anew, whatever is there. Idempotent; an engine of a rootless account looks elsewhere and refuses the registry. */
export async function ensureRegistryTrust(engine: Engine, { authority, ca, image }: RegistryTrust): Promise<void> {
  const name = `${engine.prefix}.trust.${randomBytes(4).toString('hex')}`
  const container = await engine.call(`create ${name}`, (abortSignal) =>
    engine.docker.createContainer({
      name,
      Image: image,
      Cmd: ['-'],
      NetworkDisabled: true,
      Labels: labelsOf(engine, {}),
      HostConfig: { Binds: [`${FOLDER}:${MOUNTED}`] }, // makes the folder, which a Mount would not
      abortSignal,
    } as never),
  )
  try {
    const tar = await makeTar([
      { kind: 'directory', name: authority },
      { kind: 'file', name: `${authority}/${FILE}`, content: ca },
    ])
    await engine.call(`trust registry ${authority}`, (abortSignal) => container.putArchive(tar, { path: MOUNTED, abortSignal }))
  } finally {
    await engine.call(`remove ${name}`, (abortSignal) => container.remove({ force: true, abortSignal })).catch(() => {})
  }
}

/** Whether this engine would go to the registry by way of its proxy, which cannot reach it. Throws `settings_invalid` with what to do. */
export async function checkRegistryProxy(engine: Engine, address: string): Promise<void> {
  const { HttpsProxy, NoProxy } = (await engine.call('info', () => engine.docker.info())) as {
    HttpsProxy?: string
    NoProxy?: string
  }
  if (!HttpsProxy || covers(NoProxy ?? '', address)) return
  throw new PlatformError('settings_invalid', `The Docker Engine would ask its proxy for the image registry at ${address}`, {
    hint: `Add ${address} to NO_PROXY of the engine's service (https://docs.docker.com/engine/daemon/proxy/) and restart it.`,
  })
}

/** As Go reads NO_PROXY for an address: `*`, the address, or a range that holds it. */
export function covers(noProxy: string, address: string): boolean {
  const ranges = new BlockList()
  for (const entry of noProxy.split(',').map((text) => text.trim())) {
    const [base = '', bits = '32'] = entry.split('/')
    if (entry === '*') return true
    if (isIPv4(base) && /^(3[0-2]|[12]?\d)$/.test(bits)) ranges.addSubnet(base, Number(bits))
  }
  return ranges.check(address)
}
