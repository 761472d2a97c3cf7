import { describe, expect, it } from 'vitest'
import { findHomeless, hasOtherHost } from './host-drain.ts'
import type { PlacedDyno, PlacementHost } from './placement-request.ts'

const host = (id: string, memoryMiB: number, more: Partial<PlacementHost> = {}): PlacementHost => ({
  ...{ id, name: id, zone: '', labels: {}, condition: 'up', cordoned: false, distrusted: false, diskFull: false },
  capacity: { memoryMiB, cpuShares: 1e6, pids: 1e6 },
  ...more,
})
const dyno = (id: string, hostId: string, type = 'web'): PlacedDyno => ({
  ...{ id, appId: 'shop', type, hostId },
  needs: { memoryMiB: 512, cpuShares: 512, pids: 256 },
})
const wishOf = () => ({ on: {}, strategy: 'spread' as const })

describe('a host that is to be drained', () => {
  it('may be when the others have room for all of its dynos', () => {
    const hosts = [host('h1', 2048), host('h2', 1024)]
    expect(findHomeless({ hosts, dynos: [dyno('a', 'h1'), dyno('b', 'h1')], wishOf }, 'h1')).toEqual([])
  })

  it('names the dynos that do not fit, counting those that do', () => {
    const hosts = [host('h1', 2048), host('h2', 1024)]
    const dynos = [dyno('a', 'h1'), dyno('b', 'h1'), dyno('c', 'h2')]
    expect(findHomeless({ hosts, dynos, wishOf }, 'h1')).toEqual([
      { dynoId: 'b', reason: 'no other host has 512 MB free (largest free: 0 MB on h2)' },
    ])
  })

  it('leaves one-off dynos to end where they are', () => {
    expect(findHomeless({ hosts: [host('h1', 2048)], dynos: [dyno('a', 'h1', 'run')], wishOf }, 'h1')).toEqual([])
  })

  it('minds the labels that a process type asks for', () => {
    const hosts = [host('h1', 2048, { labels: { disk: 'ssd' } }), host('h2', 2048)]
    const wants = () => ({ on: { disk: 'ssd' }, strategy: 'spread' as const })
    expect(findHomeless({ hosts, dynos: [dyno('a', 'h1')], wishOf: wants }, 'h1')).toEqual([
      { dynoId: 'a', reason: 'no other host has the label disk=ssd' },
    ])
  })
})

it('another host is one that takes new dynos', () => {
  expect(hasOtherHost([host('h1', 1), host('h2', 1)], 'h1')).toBe(true)
  expect(hasOtherHost([host('h1', 1), host('h2', 1, { cordoned: true })], 'h1')).toBe(false)
  expect(hasOtherHost([host('h1', 1)], 'h1')).toBe(false)
})
