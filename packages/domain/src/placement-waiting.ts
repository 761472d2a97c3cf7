// Why a dyno has no host, as its owner reads it in `paas ps`: exact, and with
// the names and figures that say what would help.
import type { HostResources } from './host.ts'
import { hasLabels, isInService, outOfService, RESOURCE_NAMES, RESOURCES, type Resource } from './placement-filter.ts'
import type { HostLoads } from './placement-loads.ts'
import type { PlacementHost, PlacementRequest } from './placement-request.ts'

/** More hosts of one kind than this are counted, not named. */
const NAMED = 3

/** Only right when no host can take it. Looks at every host. */
export function waitingReason(loads: HostLoads, request: PlacementRequest): string {
  const { on, not = [], needs } = request
  const other = not.length > 0 ? 'other ' : ''
  const { unlabelled, inService, out } = sortOut(loads, request)
  if (inService.length + out.length === 0) {
    if (unlabelled.length === 0) return `there is no ${other}host`
    return `no ${other}host has ${lackingLabels(
      on,
      unlabelled.map((slot) => loads.host(slot)),
    )}`
  }
  const hosts = `${other}host${withLabels(on)}`
  if (inService.length === 0)
    return noneInService(
      hosts,
      out.map((slot) => loads.host(slot)),
    )
  const idle = out.filter((slot) => loads.fits(slot, needs)).map((slot) => loads.host(slot))
  const hint = idle.length > 0 ? `; ${outList(idle, { one: 'has room but', many: 'have room but' })}` : ''
  return `no ${hosts} has ${lackingRoom(loads, inService, needs)}${hint}`
}

/** Slots without the labels; with them and in service; with them and out of service. One pass: there may be thousands. */
function sortOut(loads: HostLoads, { on, not = [] }: PlacementRequest) {
  const left = new Set(not)
  const [unlabelled, inService, out]: [number[], number[], number[]] = [[], [], []]
  for (let slot = 0; slot < loads.hosts.length; slot += 1) {
    const host = loads.host(slot)
    if (left.size > 0 && left.has(host.id)) continue
    if (!hasLabels(host, on)) unlabelled.push(slot)
    else if (isInService(host)) inService.push(slot)
    else out.push(slot)
  }
  return { unlabelled, inService, out }
}

/** Labels that none of the hosts has; where each is on some host, all of them. */
function lackingLabels(on: Readonly<Record<string, string>>, hosts: readonly PlacementHost[]): string {
  const nowhere = Object.entries(on).filter(([key, value]) => !hosts.some((host) => hasLabels(host, { [key]: value })))
  if (nowhere.length > 0) return `the ${labelList(nowhere)}`
  return `the ${labelList(Object.entries(on))} together`
}

function withLabels(on: Readonly<Record<string, string>>): string {
  const labels = Object.entries(on)
  return labels.length > 0 ? ` with the ${labelList(labels)}` : ''
}

function labelList(labels: readonly (readonly [string, string])[]): string {
  return `label${labels.length > 1 ? 's' : ''} ${joined(labels.map(([key, value]) => `${key}=${value}`))}`
}

function noneInService(hosts: string, out: readonly PlacementHost[]): string {
  const up = out.filter(({ condition }) => condition === 'up')
  if (up.length === 0) return `no ${hosts} is up: ${outList(out)}`
  if (out.every(({ condition, cordoned }) => condition === 'up' && cordoned)) return `every ${hosts} is cordoned`
  return `no ${hosts} takes new dynos: ${outList(out)}`
}

/** `h1 and h2 are lost, h3 is cordoned`, or with room in it: `h3 has room but is cordoned`. */
function outList(hosts: readonly PlacementHost[], but = { one: '', many: '' }): string {
  const kinds = Map.groupBy(hosts, (host) => outOfService(host)!.many)
  return [...kinds]
    .map(([many, of]) => {
      if (of.length === 1) return [of[0]!.name, but.one, outOfService(of[0]!)!.one]
      return [of.length > NAMED ? `${of.length} hosts` : joined(of.map(({ name }) => name)), but.many, many]
    })
    .map((words) => words.filter((word) => word !== '').join(' '))
    .join(', ')
}

/** `512 MB free (largest free: 300 MB on h2)`, for everything that no host has enough of. */
function lackingRoom(loads: HostLoads, slots: readonly number[], needs: HostResources): string {
  const most = RESOURCE_NAMES.map((name) => mostFree(loads, slots, name))
  const nowhere = most.filter(({ name, amount }) => amount < needs[name])
  if (nowhere.length > 0) {
    return nowhere
      .map(({ name, on, amount }) => `${RESOURCES[name](needs[name])} free (largest free: ${RESOURCES[name](amount)} on ${on})`)
      .join(' nor ')
  }
  const short = most.filter(({ name }) => slots.some((slot) => loads.free(slot)[name] < needs[name]))
  const figures = short.map(({ name, on, amount }) => `${RESOURCES[name](amount)} on ${on}`)
  return `${joined(short.map(({ name }) => RESOURCES[name](needs[name])))} free at once (largest free: ${figures.join(', ')})`
}

function mostFree(loads: HostLoads, slots: readonly number[], name: Resource): { name: Resource; on: string; amount: number } {
  const column = { memoryMiB: loads.freeMemoryMiB, cpuShares: loads.freeCpuShares, pids: loads.freePids }[name]
  let most = slots[0]!
  for (const slot of slots) if (column[slot]! > column[most]!) most = slot
  return { name, on: loads.host(most).name, amount: column[most]! }
}

/** `a`, `a and b`, `a, b and c` */
function joined(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
