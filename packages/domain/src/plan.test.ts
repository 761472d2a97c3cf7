import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Fate, Simulation } from './plan.simulation.ts'
import { planApp, type Step } from './plan.ts'
import { nextDueMs } from './plan-due.ts'

const limits = { releasePhaseTimeoutMs: 60_000 }
const kinds = (sim: Simulation) => planApp(sim.world, sim.nowMs, limits).map(({ kind }) => kind)

/** Plans and acts until nothing is planned and nobody is at work. */
function converge(sim: Simulation, onStep: (step: Step) => void = () => {}): void {
  for (let round = 0; round < 300 && !sim.erased; round += 1) {
    const steps = planApp(sim.world, sim.nowMs, limits)
    for (const step of steps) onStep(step)
    const due = nextDueMs(sim.world, sim.nowMs, limits)
    const busy = sim.world.dynos.some((dyno) => dyno.busy)
    if (steps.length === 0 && !busy && due === undefined) return
    sim.settle(steps.length > 0 || busy ? 50 : Math.max(50, due! - sim.nowMs))
  }
  if (!sim.erased) throw new Error(`does not converge: ${JSON.stringify(planApp(sim.world, sim.nowMs, limits))}`)
}

function deployed(web = 2): Simulation {
  const sim = new Simulation()
  sim.scale('web', web)
  sim.release('good')
  converge(sim, (step) => sim.apply(step))
  return sim
}

describe('planApp', () => {
  it('starts all web dynos of a release together, others after it has succeeded', () => {
    const sim = new Simulation()
    sim.scale('web', 2)
    sim.release('good')
    expect(kinds(sim)).toEqual(['add-dyno', 'add-dyno'])
    for (const step of planApp(sim.world, sim.nowMs, limits)) sim.apply(step)
    expect(kinds(sim)).toEqual([])
    sim.settle(50)
    expect(kinds(sim)).toEqual(['succeed-release'])
    converge(sim, (step) => sim.apply(step))
    expect(sim.world.dynos.map(({ type, state }) => `${type} ${state}`).sort()).toEqual(['web up', 'web up', 'worker up'])
  })

  it.each<[Fate, string]>([
    ['exits', 'boot_failed'],
    ['hangs', 'boot_failed'],
    ['phase-fails', 'release_failed'],
  ])('keeps the old release when the new one %s', (fate, code) => {
    const sim = deployed()
    const before = sim.serving()
    sim.release(fate)
    converge(sim, (step) => sim.apply(step))
    expect([...sim.statuses.values()].at(-1)).toBe(code)
    expect(sim.serving()).toEqual(before)
    expect(sim.world.containers).toHaveLength(3)
  })

  it('lets a newer release supersede one that is not up after 10 s, but never cuts off a release phase', () => {
    const sim = deployed()
    sim.release('hangs')
    sim.release('good')
    sim.nowMs += 9_000
    expect(planApp(sim.world, sim.nowMs, limits)[0]).toMatchObject({ kind: 'add-dyno' })
    sim.nowMs += 1_000
    expect(planApp(sim.world, sim.nowMs, limits)[0]).toMatchObject({ kind: 'fail-release', code: 'superseded' })
    const phased = deployed()
    phased.release('phase-fails')
    for (const step of planApp(phased.world, phased.nowMs, limits)) phased.apply(step)
    phased.release('good')
    phased.nowMs += 30_000
    expect(kinds(phased)).not.toContain('fail-release')
  })

  it('waits 0, 1, 2, 4 … s before it starts a crashing dyno again', () => {
    const sim = deployed(1)
    const waits: number[] = []
    for (let crash = 0; crash < 5; crash += 1) {
      const web = sim.world.dynos.find(({ type, state }) => type === 'web' && state === 'up')!
      sim.containerOf(web)!.state = 'exited'
      for (const step of planApp(sim.world, sim.nowMs, limits)) sim.apply(step)
      waits.push(web.retryAtMs! - sim.nowMs)
      sim.nowMs = web.retryAtMs!
      for (const step of planApp(sim.world, sim.nowMs, limits)) sim.apply(step)
      sim.settle(50)
    }
    expect(waits).toEqual([0, 1000, 2000, 4000, 8000])
  })

  it('keeps the place of a dyno that was stopped on a wish empty, until a restart', () => {
    const sim = deployed(2)
    const web = sim.world.dynos.find(({ type, number }) => type === 'web' && number === 2)!
    web.wish = 'stop'
    converge(sim, (step) => sim.apply(step))
    expect(web.state).toBe('down')
    expect(sim.serving()).toHaveLength(1)
    web.wish = 'restart'
    converge(sim, (step) => sim.apply(step))
    expect(sim.serving()).toHaveLength(2)
  })

  it('gives an attached dyno up when its client does not come', () => {
    const sim = deployed(1)
    const run = sim.add({ releaseId: sim.world.current!.id, type: 'run', number: 1001, size: 'S' })
    run.attach = true
    expect(kinds(sim)).toEqual([])
    expect(nextDueMs(sim.world, sim.nowMs, limits)).toBe(run.createdAtMs + 60_000)
    sim.nowMs += 60_000
    expect(planApp(sim.world, sim.nowMs, limits)).toMatchObject([{ kind: 'end-dyno', reason: 'R13 attach failed' }])
  })

  it('ends a one-off that the engine refused to start, so that a release phase that cannot run fails its release', () => {
    const sim = deployed(1)
    sim.release('phase-fails')
    for (const step of planApp(sim.world, sim.nowMs, limits)) sim.apply(step)
    const phase = sim.world.dynos.find(({ type }) => type === 'release')!
    sim.world.containers = sim.world.containers.filter(({ dynoId }) => dynoId !== phase.id)
    sim.crash(phase)
    converge(sim, (step) => sim.apply(step))
    expect([...sim.statuses.values()].at(-1)).toBe('release_failed')
  })
})

it('erases a destroyed app of which nothing runs, and after a failure not before its wait is over', () => {
  const sim = new Simulation()
  sim.world.destroyed = true
  expect(kinds(sim)).toEqual(['erase-app'])
  sim.world.eraseAfterMs = sim.nowMs + 4_000
  expect(kinds(sim)).toEqual([])
  expect(nextDueMs(sim.world, sim.nowMs, limits)).toBe(sim.nowMs + 4_000)
  sim.nowMs += 4_000
  expect(kinds(sim)).toEqual(['erase-app'])
})

type Event =
  | { kind: 'release'; fate: Fate }
  | { kind: 'scale'; type: string; quantity: number }
  | { kind: 'kill' | 'pass' | 'settle' | 'restart' | 'die' }

const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('release' as const),
        fate: fc.constantFrom<Fate>('good', 'exits', 'hangs', 'phase-fails'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('scale' as const),
        type: fc.constantFrom('web', 'worker'),
        quantity: fc.integer({ min: 0, max: 3 }),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          'kill' as const,
          'pass' as const,
          'pass' as const,
          'settle' as const,
          'restart' as const,
          'die' as const,
        ),
      }),
    },
  ),
  { maxLength: 40 },
)

/** Applies a step and says what must hold around it. */
function applyWatched(sim: Simulation, step: Step): void {
  const served = sim.serving().length
  sim.apply(step)
  const wanted = sim.world.formation.find(({ type }) => type === 'web')!.quantity
  if (served > 0 && wanted > 0 && !sim.world.destroyed && step.kind !== 'crash-dyno')
    expect(sim.serving().length).toBeGreaterThan(0)
  for (const number of [1, 2, 3]) {
    const running = sim.world.containers.filter((container) => {
      const dyno = sim.world.dynos.find(({ id }) => id === container.dynoId)
      return container.state === 'running' && dyno?.type === 'worker' && dyno.number === number
    })
    expect(running.length).toBeLessThanOrEqual(1)
  }
}

function happen(sim: Simulation, event: Event, cut: number): void {
  if (event.kind === 'release') sim.release(event.fate)
  if (event.kind === 'scale') sim.scale(event.type, event.quantity)
  if (event.kind === 'kill') sim.killScheduler()
  if (event.kind === 'settle') sim.settle(1_000)
  if (event.kind === 'restart') for (const dyno of sim.world.dynos) if (dyno.state === 'up') dyno.wish = 'restart'
  if (event.kind === 'die') {
    const running = sim.world.containers.find(({ state }) => state === 'running')
    if (running) running.state = 'exited'
  }
  // A scheduler may be killed after any step of a pass.
  if (event.kind === 'pass') for (const step of planApp(sim.world, sim.nowMs, limits).slice(0, cut)) applyWatched(sim, step)
}

describe('whatever happens', () => {
  it('ends with what is wanted running and nothing else, and never lets go of the last serving web dyno', () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 9 }), (happened, cut) => {
        const sim = deployed()
        for (const event of happened) happen(sim, event, cut)
        converge(sim, (step) => applyWatched(sim, step))
        const running = sim.world.containers.filter(({ state }) => state === 'running')
        const wanted = sim.world.formation.reduce((sum, { quantity }) => sum + quantity, 0)
        expect(running).toHaveLength(wanted)
        expect(sim.world.dynos.every(({ releaseId, state }) => releaseId === sim.world.current!.id && state === 'up')).toBe(true)
        expect(sim.world.pending).toEqual([])
        expect(kinds(sim)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('leaves nothing of a destroyed app', () => {
    fc.assert(
      fc.property(events, (happened) => {
        const sim = deployed()
        for (const event of happened) happen(sim, event, 9)
        sim.world.destroyed = true
        converge(sim, (step) => sim.apply(step))
        expect(sim.erased).toBe(true)
        expect([sim.world.dynos, sim.world.containers]).toEqual([[], []])
      }),
      { numRuns: 300 },
    )
  })
})
