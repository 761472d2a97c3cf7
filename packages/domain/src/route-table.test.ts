import { describe, expect, it } from 'vitest'
import { Simulation } from './plan.simulation.ts'
import { routeOf } from './route-table.ts'

function simulate(prepare: (sim: Simulation) => void) {
  const sim = new Simulation()
  prepare(sim)
  const { state, dynos } = routeOf(sim.world, 'example.com')!
  return { state, dynos: dynos.map(({ id }) => id) }
}
const release = (sim: Simulation) => {
  sim.release('good')
  sim.endRelease(sim.world.pending[0]!.id, 'succeeded')
  return sim.world.current!.id
}
const web = (sim: Simulation, releaseId: string, state: 'starting' | 'up' | 'crashed' | 'draining', crashes = 0) => {
  const dyno = sim.add({ releaseId, type: 'web', number: 1, size: 'S' }, crashes)
  dyno.state = state
  return dyno.id
}

describe('routeOf', () => {
  it.each<[string, (sim: Simulation) => void, string]>([
    ['no code', () => {}, 'blank'],
    ['a first release on its way', (sim) => sim.release('good'), 'booting'],
    [
      'no web dyno wanted',
      (sim) => {
        release(sim)
        sim.scale('web', 0)
      },
      'no-web',
    ],
    ['its first dyno starting', (sim) => void web(sim, release(sim), 'starting'), 'booting'],
    ['all crashed', (sim) => void web(sim, release(sim), 'crashed', 1), 'crashed'],
    ['a crashed one starting again', (sim) => void web(sim, release(sim), 'starting', 3), 'crashed'],
    ['one up', (sim) => void web(sim, release(sim), 'up'), 'serving'],
  ])('with %s', (_title, prepare, state) => expect(simulate(prepare).state).toBe(state))

  it('never names a dyno of a release that is not current yet, nor one that drains', () => {
    const { dynos } = simulate((sim) => {
      const current = release(sim)
      web(sim, current, 'up')
      web(sim, current, 'draining')
      sim.release('good')
      web(sim, sim.world.pending[0]!.id, 'up')
    })
    expect(dynos).toHaveLength(1)
  })

  it('falls back on an older release that still runs while none of the current one is up', () => {
    let old = ''
    const { dynos } = simulate((sim) => {
      old = web(sim, release(sim), 'up')
      web(sim, release(sim), 'crashed', 1)
    })
    expect(dynos).toEqual([old])
  })

  it('has every public name, and nothing for a destroyed app', () => {
    const sim = new Simulation()
    sim.world.domains = ['www.example.org']
    expect(routeOf(sim.world, 'example.com')!.domains).toEqual(['shop.example.com', 'www.example.org'])
    sim.world.destroyed = true
    expect(routeOf(sim.world, 'example.com')).toBeUndefined()
  })
})
