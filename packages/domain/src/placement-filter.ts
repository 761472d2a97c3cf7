// Why a host does not come into question for a dyno.
import type { HostResources } from './host.ts'
import type { PlacementHost } from './placement-request.ts'

/** Takes new dynos at all. */
export function isInService({ condition, cordoned, distrusted, diskFull }: PlacementHost): boolean {
  return condition === 'up' && !cordoned && !distrusted && !diskFull
}

export function hasLabels({ labels }: PlacementHost, on: Readonly<Record<string, string>>): boolean {
  for (const key in on) if (!Object.hasOwn(labels, key) || labels[key] !== on[key]) return false
  return true
}

/** `['disk=ssd']` */
export function missingLabels(labels: Readonly<Record<string, string>>, on: Readonly<Record<string, string>>): string[] {
  return Object.entries(on)
    .filter(([key, value]) => !Object.hasOwn(labels, key) || labels[key] !== value)
    .map(([key, value]) => `${key}=${value}`)
}

/** What keeps a host out of service, for one and for several: `is lost`, `are lost`. undefined: it is in service. */
export function outOfService(host: PlacementHost): { one: string; many: string } | undefined {
  const { condition, cordoned, distrusted, diskFull } = host
  if (condition === 'joining') return { one: 'is still joining', many: 'are still joining' }
  if (condition === 'failed') return { one: 'failed to join', many: 'failed to join' }
  if (condition !== 'up') return { one: `is ${condition}`, many: `are ${condition}` }
  if (cordoned) return { one: 'is cordoned', many: 'are cordoned' }
  if (distrusted) return { one: 'was lost and is not trusted yet', many: 'were lost and are not trusted yet' }
  if (diskFull) return { one: 'has hardly any disk left', many: 'have hardly any disk left' }
  return undefined
}

/** A resource as people say it. */
export const RESOURCES = {
  memoryMiB: (amount: number) => `${Math.max(0, Math.floor(amount))} MB`,
  cpuShares: (amount: number) => `${Math.max(0, Math.floor(amount))} CPU shares`,
  pids: (amount: number) => `${Math.max(0, Math.floor(amount))} processes`,
} satisfies { [K in keyof HostResources]: (amount: number) => string }

export type Resource = keyof typeof RESOURCES
export const RESOURCE_NAMES = Object.keys(RESOURCES) as Resource[]
