// How many dynos of the same process type are on each host and in each zone.
import type { PeerGroup } from './placement-request.ts'

export class AllPeers {
  /** By app; an app has few process types, and looking through them is quicker than making a key of three names. */
  readonly #ofApp = new Map<string, Peers[]>()

  /** undefined: there are none. */
  find(group: PeerGroup): Peers | undefined {
    return this.#ofApp.get(group.appId)?.find((peers) => isSame(peers.group, group))
  }

  count(group: PeerGroup, slot: number, zone: string, change: 1 | -1): void {
    const known = this.find(group)
    const peers = known ?? new Peers(group)
    const others = this.#ofApp.get(group.appId)
    if (!known && others) others.push(peers)
    else if (!known) this.#ofApp.set(group.appId, [peers])
    peers.count(slot, zone, change)
    if (peers.onHost.size > 0) return
    if (others && others.length > 1) others.splice(others.indexOf(peers), 1)
    else this.#ofApp.delete(group.appId)
  }

  /** The host belongs to another zone from now on. */
  move(slot: number, from: string, to: string): void {
    for (const all of this.#ofApp.values()) for (const peers of all) peers.move(slot, from, to)
  }
}

function isSame(a: PeerGroup, b: PeerGroup): boolean {
  return a.type === b.type && a.release === b.release && a.appId === b.appId
}

export class Peers {
  readonly group: PeerGroup
  /** By slot. Hosts without one are not in it. */
  readonly onHost = new Map<number, number>()
  readonly inZone = new Map<string, number>()

  constructor(group: PeerGroup) {
    this.group = group
  }

  count(slot: number, zone: string, change: 1 | -1): void {
    bump(this.onHost, slot, change)
    bump(this.inZone, zone, change)
  }

  move(slot: number, from: string, to: string): void {
    const count = this.on(slot)
    if (count === 0) return
    bump(this.inZone, from, -count)
    bump(this.inZone, to, count)
  }

  on(slot: number): number {
    return this.onHost.get(slot) ?? 0
  }

  in(zone: string): number {
    return this.inZone.get(zone) ?? 0
  }

  /** How many there are on one host, where there are any: each number once, the lowest first. */
  levels(): number[] {
    return numbersIn(this.onHost)
  }

  /** The same for zones. */
  zoneLevels(): number[] {
    return numbersIn(this.inZone)
  }
}

function numbersIn(counts: ReadonlyMap<unknown, number>): number[] {
  return [...new Set(counts.values())].sort((a, b) => a - b)
}

function bump<K>(counts: Map<K, number>, key: K, change: number): void {
  const count = (counts.get(key) ?? 0) + change
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
