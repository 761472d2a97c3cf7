// Hosts and dynos in numbers, the same in every run: machines of several
// sizes in several zones, some with a label, and apps of which most have few
// dynos and some have a hundred.
import { DYNO_SIZES } from '@paas/domain/dyno-size'
import { placementHostsOf } from '@paas/domain/host-capacity'
import type { PlacementHost } from '@paas/domain/placement'
import type { UnplacedDyno } from '@paas/domain/placement-all'

/** A number from 0 to below 1, from a seed (mulberry32). */
export type Chance = () => number

export function chanceOf(seed: number): Chance {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

export function pick<T>(values: readonly T[], chance: Chance): T {
  return values[Math.floor(chance() * values.length)]!
}

const MACHINES = [
  { memoryMiB: 16_384, cpus: 8 },
  { memoryMiB: 16_384, cpus: 8 },
  { memoryMiB: 32_768, cpus: 16 },
  { memoryMiB: 65_536, cpus: 16 },
]

/** In zones of equal size; every third host has `disk=ssd`. */
export function makeHosts(count: number, chance: Chance): PlacementHost[] {
  const zones = Math.min(10, count / 5)
  const facts = Array.from({ length: count }, (_, at) => {
    const name = `h${String(at).padStart(5, '0')}`
    const labels = { zone: `z${at % zones}`, ...(at % 3 === 0 && { disk: 'ssd' }) }
    const wanted = {
      cordoned: false,
      draining: false,
      removeWanted: false,
      distrustUntil: null,
      nodeTrouble: null,
      diskFree: null,
    }
    return { id: `id-${name}`, name, labels, condition: 'up' as const, ...wanted, ...pick(MACHINES, chance) }
  })
  return placementHostsOf(facts, { alone: false, memoryOvercommit: 1, nowMs: 0 })
}

/** Of a hundred process types: how many have which size. */
const SIZES: Record<string, number> = { 'Standard-1X': 70, 'Standard-2X': 20, 'Performance-M': 9, 'Performance-L': 1 }
const SIZE_OF_HUNDRED = DYNO_SIZES.flatMap((size) => Array.from({ length: SIZES[size.name] ?? 0 }, () => size))
const QUANTITIES = [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5, 8, 10, 20, 30, 100]

/** Process types one after the other, each in one of the dyno sizes; each dyno runs its app's image. One type in ten asks for `disk=ssd`. */
export function makeDynos(count: number, chance: Chance): UnplacedDyno[] {
  return makeTypes(count, chance, () => {
    const { memoryMiB, cpuShares, pids } = pick(SIZE_OF_HUNDRED, chance)
    return { needs: { memoryMiB, cpuShares, pids }, on: chance() < 0.1 ? { disk: 'ssd' } : {}, strategy: 'spread' }
  })
}

/** To be packed: in the dyno sizes, which fill hosts without a rest, or in odd ones, which do not. */
export function makePackedDynos(count: number, sizes: 'even' | 'odd', chance: Chance): UnplacedDyno[] {
  return makeTypes(count, chance, () => {
    const { memoryMiB, cpuShares, pids } = pick(SIZE_OF_HUNDRED, chance)
    const odd = { memoryMiB: 200 + Math.floor(chance() ** 3 * 9_000), cpuShares: 512, pids: 256 }
    return { needs: sizes === 'odd' ? odd : { memoryMiB, cpuShares, pids }, on: {}, strategy: 'pack' }
  })
}

function makeTypes(count: number, chance: Chance, wish: () => Pick<UnplacedDyno, 'needs' | 'on' | 'strategy'>): UnplacedDyno[] {
  const dynos: UnplacedDyno[] = []
  for (let app = 0; dynos.length < count; app += 1) {
    const request = { appId: `app-${app}`, type: 'web', image: `image-${app}`, ...wish() }
    const quantity = Math.min(pick(QUANTITIES, chance), count - dynos.length)
    for (let number = 1; number <= quantity; number += 1) dynos.push({ ...request, id: `${app}.web.${number}` })
  }
  return dynos
}

export function shuffled<T>(values: readonly T[], chance: Chance): T[] {
  return values
    .map((value) => ({ value, key: chance() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value)
}
