import { expect, it } from 'vitest'
import { Simulation } from './plan.simulation.ts'
import { planApp } from './plan.ts'
import { nextDueMs } from './plan-due.ts'

const limits = { releasePhaseTimeoutMs: 60_000 }
const plan = (sim: Simulation) => planApp(sim.world, sim.nowMs, limits)

function pass(sim: Simulation, rounds = 20): void {
  for (let round = 0; round < rounds; round += 1) {
    for (const step of plan(sim)) sim.apply(step)
    sim.settle(50)
  }
}

/** One web dyno and one worker that run the first release. */
function deployed(): Simulation {
  const sim = new Simulation()
  sim.release('good')
  pass(sim)
  expect(plan(sim)).toEqual([])
  return sim
}

/** As a backup from before the current release has it: its row is gone, what runs is not. */
function restore(sim: Simulation, version: number): void {
  sim.world.current = { ...sim.world.current!, version, id: `r${version}` }
  sim.fates.set(`r${version}`, 'good')
  sim.world.dynos = []
}

it('gives a running container of the current release its row back, and starts nobody beside it', () => {
  const sim = deployed()
  const [ran, served] = [sim.world.containers.map(({ id }) => id), sim.serving()]
  sim.world.dynos = []
  expect(plan(sim).map(({ kind }) => kind)).toEqual(['adopt-dyno', 'adopt-dyno'])
  pass(sim)
  expect(sim.world.containers.map(({ id }) => id)).toEqual(ran)
  expect(sim.serving()).toEqual(served)
})

it('adopts before it replaces the dyno of an older row that is gone', () => {
  const sim = deployed()
  for (const dyno of sim.world.dynos) dyno.id = `older ${dyno.id}`
  const ran = sim.world.containers.map(({ id }) => id)
  pass(sim)
  expect(sim.world.containers.map(({ id }) => id)).toEqual(ran)
})

it('lets one of a release it does not know go on until a newer release is up', () => {
  const sim = deployed()
  const ran = sim.world.containers.map(({ id }) => id)
  restore(sim, 0)
  sim.nowMs += 60_000
  pass(sim)
  const names = sim.world.containers.map(({ name }) => name).sort()
  expect(names).toEqual(['web.1', 'web.1', 'worker.1']) // the known release serves, and no second worker
  sim.release('good')
  pass(sim, 200)
  expect(sim.world.containers.filter(({ id }) => ran.includes(id))).toEqual([])
  expect(sim.world.containers.map(({ name }) => name).sort()).toEqual(['web.1', 'worker.1'])
})

it('never adopts what ran a release of the same number in another history', () => {
  const sim = deployed()
  sim.nowMs += 60_000
  sim.world.current = { ...sim.world.current!, createdAtMs: sim.nowMs }
  sim.world.dynos = []
  expect(plan(sim).filter(({ kind }) => kind === 'remove-container')).toHaveLength(2)
})

it.each(['created', 'exited'] as const)('removes one that is %s, once its row would have been read', (state) => {
  const sim = deployed()
  const stray = { id: 'stray', hostId: 'h1', dynoId: 'nobody', name: 'run.7', version: 1, createdAtMs: sim.nowMs, state }
  sim.world.containers.push(stray)
  expect(plan(sim)).toEqual([])
  expect(nextDueMs(sim.world, sim.nowMs, limits)).toBe(sim.nowMs + 30_000)
  sim.nowMs += 30_000
  expect(plan(sim)).toEqual([{ kind: 'remove-container', containerId: 'stray' }])
})

it('leaves a one-off that no row knows to its end, and nothing of a destroyed app', () => {
  const sim = deployed()
  const stray = {
    id: 'stray',
    hostId: 'h1',
    dynoId: 'nobody',
    name: 'run.7',
    version: 1,
    createdAtMs: sim.nowMs,
    state: 'running' as const,
  }
  sim.world.containers.push(stray)
  sim.nowMs += 3_600_000
  expect(plan(sim)).toEqual([])
  sim.world.destroyed = true
  expect(plan(sim)).toContainEqual({ kind: 'remove-container', containerId: 'stray' })
})
