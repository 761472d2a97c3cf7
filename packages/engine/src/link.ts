// The link of one host to the others, set up through the host's own engine:
// one container (link-container.ts) that holds WireGuard, routes and firewall
// rules. It is told the whole of what is wanted, as often as one likes, and
// keeps it, so that after a reboot the host is as it was without us.
import { createSocket } from 'node:dgram'
import { PlatformError } from '@paas/domain/errors'
import type { Engine } from './client.ts'
import { type Ran, runInside } from './exec.ts'
import { nameServersOf } from './firewall.ts'
import { guardRules, type HostRules, linkRules } from './firewall-rules.ts'
import {
  ensureLinkContainer,
  findLinkContainer,
  linkContainerName,
  removeLinkContainer,
  startLinkContainer,
} from './link-container.ts'
import { type LinkPeer, wantedText } from './link-wanted.ts'
import { bridgePrefix, linkInterface } from './networks.ts'
import { makeTar } from './tar.ts'

export type { LinkPeer } from './link-wanted.ts'

/** The one program in its image. */
const LINK = '/link/link'
const RUN_DEADLINE_MS = 20_000

export interface LinkConfig extends HostRules {
  /** This host's own, of the platform's link range. */
  address: string
  /** UDP. */
  listenPort: number
  peers: readonly LinkPeer[]
  /** Machines reached through their engine alone get the guard (firewall.ts) from here too; undefined on the platform's own, which has it. */
  guard?: { publicPorts: readonly number[] }
}

/** What a link says of itself. */
export interface LinkFacts {
  device: 'kernel' | 'wireguard-go'
  mtu: number
  peers: {
    publicKey: string
    endpoint: string | undefined
    /** By the host's own clock; undefined: they have not met since it was set up. Above 180 s, the two do not reach each other. */
    handshakeAgeMs: number | undefined
    receivedBytes: number
    sentBytes: number
  }[]
}

/** Makes or adopts the link's container; answers the key that its peers know it by. Throws `engine_refused`. */
export async function ensureLink(engine: Engine, { image }: { image: string }): Promise<{ publicKey: string }> {
  await ensureLinkContainer(engine, image)
  const { stdout } = await link(engine, 'key')
  return { publicKey: stdout.trim() }
}

/** Makes all of this true on the host, and nothing that was wanted before: peers, routes and rules that are not named go. Idempotent. */
export async function configureLink(engine: Engine, config: LinkConfig): Promise<void> {
  const container = linkContainerName(engine)
  const { stdout: resolvConf } = await runInside(engine, container, ['/bin/busybox', 'cat', '/etc/resolv.conf'])
  const nameServers = nameServersOf(resolvConf)
  const names = { prefix: engine.prefix, bridges: `${bridgePrefix(engine)}+`, link: linkInterface(engine) }
  const rules = [
    ...(config.guard ? [guardRules(names, { ...config.guard, gateway: config.gateway, nameServers })] : []),
    linkRules(names, { ...config, nameServers }),
  ]
  const next = await makeTar([{ kind: 'file', name: 'next', content: wantedText({ ...config, rules }) }])
  await engine.call(`write to ${container}`, (abortSignal) =>
    engine.docker.getContainer(container).putArchive(next, { path: '/link/state', abortSignal } as { path: string }),
  )
  await link(engine, 'apply')
}

/** Undefined where no link runs. */
export async function readLink(engine: Engine): Promise<LinkFacts | undefined> {
  if (!(await findLinkContainer(engine))?.running) return undefined
  const { stdout } = await link(engine, 'show')
  return parseLink(stdout)
}

/** Takes interface, routes, rules, container and key away. Idempotent. */
export async function removeLink(engine: Engine): Promise<void> {
  const found = await findLinkContainer(engine)
  if (!found) return removeLinkContainer(engine)
  if (!found.running) await startLinkContainer(engine)
  await link(engine, 'down')
  await removeLinkContainer(engine)
}

/** Which address of this machine another sees: what its peers are to know it by. Sends nothing. */
export async function addressTowards(address: string): Promise<string> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).connect(9, address, resolve)
    })
    return socket.address().address
  } catch (cause) {
    throw new PlatformError('engine_unreachable', `This machine has no route to ${address}`, { cause })
  } finally {
    socket.close()
  }
}

/** What `link show` prints: device, MTU and clock, then a peer a line. */
export function parseLink(text: string): LinkFacts {
  const [head = '', ...lines] = text.trim().split('\n')
  const [device, mtu, now] = head.split('\t')
  return {
    device: device === 'kernel' ? 'kernel' : 'wireguard-go',
    mtu: Number(mtu),
    peers: lines.map((line) => {
      const [publicKey = '', endpoint, met, received, sent] = line.split('\t')
      return {
        publicKey,
        endpoint: endpoint === '(none)' ? undefined : endpoint,
        handshakeAgeMs: Number(met) === 0 ? undefined : Math.max(0, Number(now) - Number(met)) * 1000,
        receivedBytes: Number(received),
        sentBytes: Number(sent),
      }
    }),
  }
}

async function link(engine: Engine, verb: 'apply' | 'down' | 'key' | 'show'): Promise<Ran> {
  const ran = await runInside(engine, linkContainerName(engine), [LINK, verb], { deadlineMs: RUN_DEADLINE_MS })
  if (ran.code === 0) return ran
  throw new PlatformError('engine_refused', `The link of this host failed (${verb}): ${ran.stderr.trim().slice(0, 500)}`, {
    ...(ran.stderr.includes('Address already in use') && {
      hint: 'Another program on this host has the UDP port: set PAAS_LINK_PORT.',
    }),
  })
}
