import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOSTS, Simulation } from './plan.simulation.ts'
import { planApp } from './plan.ts'

const limits = { releasePhaseTimeoutMs: 60_000 }

/** Plans and acts for a while; `check` after every change. */
function live(sim: Simulation, check: () => void = () => {}): void {
  for (let round = 0; round < 200; round += 1) {
    const steps = planApp(sim.world, sim.nowMs, limits)
    for (const step of steps) {
      sim.apply(step)
      check()
    }
    sim.settle(steps.length > 0 ? 50 : 500)
    check()
  }
}

function deployed(web = 2, singleton = false): Simulation {
  const sim = new Simulation()
  sim.scale('web', web)
  sim.world.formation[1]!.singleton = singleton
  sim.release('good')
  live(sim)
  return sim
}

const up = (sim: Simulation, type: string) => sim.world.dynos.filter((dyno) => dyno.type === type && dyno.state === 'up')
const hostOf = (sim: Simulation, type: string) => up(sim, type)[0]!.hostId!
/** Containers of a type wherever they run, also where nobody can look. */
const running = (sim: Simulation, type: string) =>
  [...sim.world.containers, ...sim.away].filter(({ name, state }) => name.startsWith(type) && state === 'running').length

describe('a lost host', () => {
  it('has its web dynos and workers replaced on the others', () => {
    const sim = deployed()
    const lost = hostOf(sim, 'worker')
    sim.loseHost(lost)
    live(sim)
    expect(up(sim, 'web')).toHaveLength(2)
    expect(up(sim, 'worker')).toHaveLength(1)
    expect(sim.world.dynos.filter(({ hostId, state }) => hostId === lost && state === 'up')).toEqual([])
  })

  it('has what goes on running there stopped when it is back, and nothing else', () => {
    const sim = deployed()
    sim.loseHost('h1')
    live(sim)
    const replacements = up(sim, 'web').map(({ id }) => id)
    sim.findHost('h1')
    live(sim, () => expect(sim.serving().toSorted()).toEqual(replacements.toSorted()))
    expect(running(sim, 'web')).toBe(2)
    expect(running(sim, 'worker')).toBe(1)
    expect(sim.world.dynos.every(({ state }) => state === 'up')).toBe(true)
  })

  it('does not have a singleton replaced before it is back', () => {
    const sim = deployed(2, true)
    sim.loseHost(hostOf(sim, 'worker'))
    live(sim, () => expect(running(sim, 'worker')).toBeLessThanOrEqual(1))
    expect(up(sim, 'worker')).toHaveLength(0)
    for (const host of HOSTS) sim.findHost(host)
    live(sim, () => expect(running(sim, 'worker')).toBeLessThanOrEqual(1))
    expect(up(sim, 'worker')).toHaveLength(1)
  })

  it('fails a release whose release process was there', () => {
    const sim = deployed()
    sim.release('good')
    sim.world.pending[0]!.processTypes = { ...sim.world.pending[0]!.processTypes, release: 'r' }
    for (const step of planApp(sim.world, sim.nowMs, limits)) sim.apply(step)
    sim.loseHost(sim.world.dynos.find(({ type }) => type === 'release')!.hostId!)
    live(sim)
    expect([...sim.statuses.values()].at(-1)).toBe('release_failed')
    expect(up(sim, 'web')).toHaveLength(2)
  })
})

describe('a host that does not answer', () => {
  it('has nothing concluded from what cannot be seen', () => {
    const sim = deployed()
    sim.world.containers = []
    for (const dyno of sim.world.dynos) dyno.reach = 'unseen'
    expect(planApp(sim.world, sim.nowMs, limits)).toEqual([])
  })

  it('has web dynos that are too many taken out of the table, and stopped later', () => {
    const sim = deployed()
    for (const dyno of sim.world.dynos) dyno.reach = 'unseen'
    sim.scale('web', 1)
    expect(planApp(sim.world, sim.nowMs, limits).map(({ kind }) => kind)).toEqual(['drain-dyno'])
  })
})

describe('a host that is drained', () => {
  it('keeps a web dyno until its successor is up, and stops a worker before its own starts', () => {
    const sim = deployed(2)
    const from = hostOf(sim, 'worker')
    sim.drainHost(from)
    live(sim, () => {
      expect(sim.serving().length).toBeGreaterThanOrEqual(2)
      expect(running(sim, 'worker')).toBeLessThanOrEqual(1)
    })
    expect(sim.world.dynos.filter(({ hostId }) => hostId === from)).toEqual([])
    expect(up(sim, 'web')).toHaveLength(2)
    expect(up(sim, 'worker')).toHaveLength(1)
  })
})

describe('a dyno that no host has room for', () => {
  it('is not tried again and again, and fails its release after a minute', () => {
    const sim = deployed(1)
    sim.release('good')
    for (const step of planApp(sim.world, sim.nowMs, limits)) if (step.kind === 'add-dyno') sim.add(step)
    const waiting = sim.world.dynos.at(-1)!
    Object.assign(waiting, {
      waiting: true,
      hostId: null,
      reason: 'waiting: no host has 512 MB free (largest free: 300 MB on h2)',
    })
    expect(planApp(sim.world, sim.nowMs, limits)).toEqual([])
    sim.nowMs += 60_000
    expect(planApp(sim.world, sim.nowMs, limits)).toContainEqual(
      expect.objectContaining({
        kind: 'fail-release',
        reason: expect.stringMatching(/found no place: no host has 512 MB free \(largest free: 300 MB\)$/),
      }),
    )
  })
})

it('comes to what is wanted whatever is lost and found in between, a singleton never twice', () => {
  const event = fc.constantFrom(...HOSTS.flatMap((host) => [`lose ${host}`, `find ${host}`] as const), 'scheduler', 'restart')
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      const sim = deployed(2, true)
      const once = () => expect(running(sim, 'worker')).toBeLessThanOrEqual(1)
      let lost: string | undefined
      for (const name of events) {
        const [what, host] = name.split(' ')
        if (what === 'lose' && !lost) sim.loseHost((lost = host)!)
        if (what === 'find' && lost === host) {
          sim.findHost(host!)
          lost = undefined
        }
        if (what === 'scheduler') sim.killScheduler()
        if (what === 'restart') for (const dyno of sim.world.dynos) if (dyno.state === 'up') dyno.wish = 'restart'
        for (let round = 0; round < 3; round += 1) {
          for (const step of planApp(sim.world, sim.nowMs, limits)) {
            sim.apply(step)
            once()
          }
          sim.settle(50)
        }
      }
      if (lost) sim.findHost(lost)
      live(sim, once)
      expect(up(sim, 'web')).toHaveLength(2)
      expect(running(sim, 'web')).toBe(2)
      expect(up(sim, 'worker')).toHaveLength(1)
    }),
    { numRuns: 60 },
  )
})
