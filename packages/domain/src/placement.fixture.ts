// Hosts, dynos and requests for tests, with what a test does not care about filled in.
import type { PlacedDyno, PlacementHost, PlacementRequest } from './placement-request.ts'

export const SMALL = { memoryMiB: 512, cpuShares: 512, pids: 256 }

export function host(name: string, facts: Partial<PlacementHost> = {}): PlacementHost {
  const capacity = { memoryMiB: 4096, cpuShares: 8192, pids: 8192 }
  const fine = { condition: 'up', cordoned: false, distrusted: false, diskFull: false } as const
  return { id: `id-${name}`, name, zone: '', labels: {}, ...fine, capacity, ...facts }
}

/** `dyno('web.1', 'h1')` is of app `shop`. */
export function dyno(name: string, hostName: string, facts: Partial<PlacedDyno> = {}): PlacedDyno {
  const [type = ''] = name.split('.')
  return { id: name, appId: 'shop', type, hostId: `id-${hostName}`, needs: SMALL, ...facts }
}

/** Something else that takes this much memory of the host. */
export function ballast(hostName: string, memoryMiB: number): PlacedDyno {
  return dyno(`ballast.${hostName}`, hostName, { appId: 'other', needs: { memoryMiB, cpuShares: 0, pids: 0 } })
}

export function request(facts: Partial<PlacementRequest> = {}): PlacementRequest {
  return { appId: 'shop', type: 'web', needs: SMALL, on: {}, strategy: 'spread', ...facts }
}
