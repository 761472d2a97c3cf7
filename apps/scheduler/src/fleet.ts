// The hosts, each with its engine. Rows say which there are; this only keeps
// their engines open between two looks.
import { paths } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { appSubnetOf } from '@paas/domain/host-subnet'
import { type Engine, openEngine } from '@paas/engine/client'
import { type DynoEngine, openDynoEngine } from '@paas/engine/dyno-engine'
import { ensureLocalHost, type Host, type HostCredentials, listHosts, readHostCredentials } from '@paas/store/hosts'
import type { SchedulerDeps, SchedulerSettings } from './deps.ts'
import { writeHostEngines } from './host-engines.ts'

export interface Member {
  host: Host
  engine: Engine
  /** What runs its dynos. */
  dynos: DynoEngine
  tls: HostCredentials | undefined
}

interface FleetDeps extends Pick<SchedulerDeps, 'store' | 'engine'> {
  settings: Pick<SchedulerSettings, 'dataDir' | 'dockerHost' | 'engineKind' | 'namePrefix' | 'cgroupParent' | 'hostSubnets'>
}

export class Fleet {
  readonly #deps: FleetDeps
  #members = new Map<string, Member>()
  #localId: string | undefined
  #reading: Promise<void> = Promise.resolve()

  constructor(deps: FleetDeps) {
    this.#deps = deps
  }

  /** Reads the rows. Rejects when they cannot be read; what was known stays. Two at once follow each other, so that the later reading counts. */
  refresh(): Promise<void> {
    this.#reading = this.#reading.catch(() => {}).then(() => this.#read())
    return this.#reading
  }

  async #read(): Promise<void> {
    const { store, settings } = this.#deps
    this.#localId ??= await ensureLocalHost(store, settings.dockerHost)
    const members = new Map<string, Member>()
    for (const host of await listHosts(store)) {
      const known = this.#members.get(host.id)
      // One that is opened anew leaves the calls under way on the one before, which nothing ends.
      const same = known && addressOf(known.host) === addressOf(host)
      members.set(host.id, same ? { ...known, host } : await this.#open(host))
    }
    this.#members = members
    const others = [...members.values()].filter(({ host }) => !host.local && host.condition !== 'failed')
    writeHostEngines(
      paths.hostEngines(settings),
      others.map(({ host, tls }) => ({ id: host.id, dockerHost: host.engineUrl, ...(tls && { tls }) })),
    )
  }

  /** Local first. */
  all(): Member[] {
    return [...this.#members.values()]
  }

  /** Those whose engine may be asked: what is sick or lost would only cost time. */
  answering(): Member[] {
    return this.all().filter(({ host }) => host.condition === 'up' || (host.local && this.isAlone()))
  }

  get(hostId: string): Member | undefined {
    return this.#members.get(hostId)
  }

  /** The platform's own machine. */
  local(): Member {
    const member = this.#localId === undefined ? undefined : this.#members.get(this.#localId)
    if (!member) throw new PlatformError('store_unreachable', 'The hosts have not been read yet')
    return member
  }

  /** No host that has joined beside the platform's own machine: then there is nowhere else to go, whatever its condition. */
  isAlone(): boolean {
    return this.all().every(({ host }) => host.local || host.condition === 'joining' || host.condition === 'failed')
  }

  /** Throws `engine_unreachable` for a host that is not known any more. */
  dynosOf(hostId: string | null): DynoEngine {
    const member = hostId === null ? undefined : this.#members.get(hostId)
    if (!member) throw new PlatformError('engine_unreachable', 'The host of this dyno is not known any more')
    return member.dynos
  }

  async #open(host: Host): Promise<Member> {
    const { store, engine, settings } = this.#deps
    if (host.local) return { host, engine, dynos: openDynoEngine(settings.engineKind, engine), tls: undefined }
    const tls = await readHostCredentials(store, host.id)
    const { namePrefix, cgroupParent, hostSubnets } = settings
    const names = { namePrefix, cgroupParent, appSubnet: appSubnetOf(hostSubnets, host.number) }
    const other = openEngine({ dockerHost: host.engineUrl, ...names, linked: true, ...(tls && { tls }) })
    const dynos = openDynoEngine(settings.engineKind, other, { manager: engine, hostId: host.id })
    return { host, tls, engine: other, dynos }
  }
}

/** Changes with where its engine is and with how it knows us. */
export function addressOf({ engineUrl, credentialsVersion }: Host): string {
  return `${engineUrl} ${credentialsVersion}`
}

/** What runs the dynos of a host that answers now; undefined: ask another time. */
export function answeringDynos(fleet: Fleet, hostId: string): DynoEngine | undefined {
  return fleet.answering().find(({ host }) => host.id === hostId)?.dynos
}
