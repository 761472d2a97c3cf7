// Several machines with a Docker Engine each, on this one: the rig that tests
// and benches of many hosts stand on.
//
//   await using rig = await startHosts({ count: 3 })
//   await rig.hosts[1].partition()
//
// Nothing here touches this machine's own engine, but for reading images of it.
// See docs/testing/hosts.md.
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { ensureAuthority } from './certificates.ts'
import { openHost, type TestHost } from './host.ts'
import { claimSubnet, closeBridge, gatewayOf, openBridge } from './network.ts'
import { identify } from './process-id.ts'
import { seedImage } from './seed.ts'
import { findAbandoned, folderOf, listSubnets, type RigState, readState, writeState } from './state.ts'

const MAX_HOSTS = 200

export interface HostsOptions {
  /** How many; 3 unless told. */
  count?: number
  /** Of the rig; a random one unless told. */
  name?: string
  /** dockerd of hosts that have another than this machine's: `{ h2: '/opt/docker-29/dockerd' }`. Its containerd is looked for beside it. */
  dockerd?: Record<string, string>
  /** Further lines of every engine's daemon.json: `{ 'live-restore': true }`. */
  engine?: Record<string, unknown>
  /** And of one host's only: `{ h2: { 'live-restore': false } }`. */
  engines?: Record<string, Record<string, unknown>>
  /** Hosts whose images and containers have a disk of their own, in MiB: `{ h2: 6000 }`. */
  disks?: Record<string, number>
  /** Goes on when this process ends, until `down`. */
  keep?: boolean
}

export interface Rig {
  name: string
  /** This machine as the hosts see it. */
  gateway: string
  hosts: TestHost[]
  /** h1, h2, …; throws for another name. */
  host(name: string): TestHost
  /** Copies an image of this machine's engine, or of the host `from`, to the hosts that are up: no registry is needed, and nothing is built twice. */
  seedImage(image: string, from?: TestHost): Promise<void>
  /** Takes everything away that `startHosts` made. */
  down(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Brings up what of the rig is not up: a second call with the same name changes nothing. Takes down rigs whose owner died. */
export async function startHosts(options: HostsOptions = {}): Promise<Rig> {
  for (const name of findAbandoned()) await findRig(name).then((rig) => rig?.down())
  const { name = `t${randomBytes(3).toString('hex')}`, count = 3, keep = false } = options
  if (!/^[a-z][a-z0-9]{0,15}$/.test(name))
    throw new Error(`a rig's name is a letter and up to 15 letters and digits, not ${name}`)
  if (!(count >= 1 && count <= MAX_HOSTS)) throw new Error(`a rig has 1 to ${MAX_HOSTS} hosts, not ${count}`)
  const state: RigState = readState(name) ?? { name, subnet: await claimSubnet(listSubnets()), hosts: [] }
  if (!keep) state.owner = identify(process.pid)!
  for (let number = state.hosts.length + 1; number <= count; number += 1) {
    const host = `h${number}`
    state.hosts.push({
      name: host,
      number,
      dockerd: options.dockerd?.[host] ?? 'dockerd',
      engine: { ...options.engine, ...options.engines?.[host] },
      ...(options.disks?.[host] && { diskMiB: options.disks[host] }),
    })
  }
  writeState(state)
  const rig = await openRig(state)
  try {
    await openBridge(state.subnet)
    await Promise.all(rig.hosts.map((host) => host.start()))
    return rig
  } catch (error) {
    if (!keep) await rig.down()
    throw error
  }
}

/** A rig that was brought up before, here or by another process. */
export async function findRig(name: string): Promise<Rig | undefined> {
  const state = readState(name)
  return state && (await openRig(state))
}

async function openRig(state: RigState): Promise<Rig> {
  const { name, subnet } = state
  const authority = await ensureAuthority(folderOf(name))
  const hosts = state.hosts.map((host) => openHost(state, host, authority))
  async function down(): Promise<void> {
    await Promise.all(hosts.map((host) => host.powerOff()))
    await closeBridge(subnet)
    rmSync(folderOf(name), { recursive: true, force: true })
  }
  return {
    ...{ name, gateway: gatewayOf(subnet), hosts, down },
    host(wanted) {
      const host = hosts.find((one) => one.name === wanted)
      if (!host) throw new Error(`${name} has ${hosts.map((one) => one.name).join(', ')}, no ${wanted}`)
      return host
    },
    seedImage: (image, from) => seedImage(image, hosts, from),
    [Symbol.asyncDispose]: down,
  }
}
