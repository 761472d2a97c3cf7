// How many dynos of the same process type are on each host and in each zone.
import type { PeerGroup } from './placement-request.ts'

/** The same for two dynos that are to be spread over hosts. */
export function peersKey({ appId, type, release = '' }: PeerGroup): string {
  return `${appId} ${type} ${release}`
}

export class Peers {
  /** By slot. Hosts without one are not in it. */
  readonly onHost = new Map<number, number>()
  readonly inZone = new Map<string, number>()

  count(slot: number, zone: string, change: 1 | -1): void {
    bump(this.onHost, slot, change)
    bump(this.inZone, zone, change)
  }

  /** Its host belongs to another zone from now on. */
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
    return [...new Set(this.onHost.values())].sort((a, b) => a - b)
  }
}

function bump<K>(counts: Map<K, number>, key: K, change: number): void {
  const count = (counts.get(key) ?? 0) + change
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
