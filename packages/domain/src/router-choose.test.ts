import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { choose, chooseBeside, isBacklogFull, MAX_ATTEMPTS } from './router-choose.ts'
import type { Quarantine } from './router-quarantine.ts'
import { type LiveApp, type LiveDyno, RouterTable, type TableRoute } from './router-table.ts'

const dyno = (id: string) => ({ id, name: id, address: '10.0.0.1', port: 1 })

function app(count: number, over: Partial<TableRoute> = {}): LiveApp {
  const table = new RouterTable()
  const dynos = Array.from({ length: count }, (_, i) => dyno(`web.${i + 1}`))
  const route = { appId: 'a', app: 'a', domains: ['a'], maintenance: false, state: 'serving' as const, dynos, ...over }
  table.apply({ version: 1, full: true, set: [route], remove: [] })
  return table.find('a')!
}

function chances(...values: number[]): () => number {
  return () => values.shift() ?? 0
}

const quarantine = (target: LiveDyno, why: Quarantine) => Object.assign(target, { quarantinedUntil: 100, quarantine: why })

describe('choose', () => {
  it('takes the less busy of two', () => {
    const shop = app(3)
    shop.dynos[0]!.requests = 5
    shop.dynos[1]!.upgraded = 1
    expect(choose(shop, 0, chances(0, 0))).toMatchObject({ dyno: { id: 'web.2' } })
    expect(choose(shop, 0, chances(0, 0.9))).toMatchObject({ dyno: { id: 'web.3' } })
  })

  it('leaves out who is in quarantine, until it is over', () => {
    const shop = app(2)
    quarantine(shop.dynos[0]!, 'refused')
    expect(choose(shop, 99, chances(0))).toMatchObject({ dyno: { id: 'web.2' } })
    expect(choose(shop, 100, chances(0, 0))).toMatchObject({ dyno: { id: 'web.1' } })
  })

  it('asks one that refused again when nobody else is left, but not one that did not answer', () => {
    const shop = app(2)
    quarantine(shop.dynos[0]!, 'refused')
    quarantine(shop.dynos[1]!, 'slow')
    expect(choose(shop, 0, chances(0))).toMatchObject({ dyno: { id: 'web.1' } })
    quarantine(shop.dynos[0]!, 'slow')
    expect(choose(shop, 0, chances(0))).toEqual({ kind: 'refuse', code: 'H34' })
  })

  it('still asks one that is only suspected when nobody else is left', () => {
    const shop = app(2)
    quarantine(shop.dynos[0]!, 'suspected')
    expect(choose(shop, 0, chances(0))).toMatchObject({ dyno: { id: 'web.2' } })
    quarantine(shop.dynos[1]!, 'slow')
    expect(choose(shop, 0, chances(0))).toMatchObject({ dyno: { id: 'web.1' } })
  })

  it('goes on to those that are left when one that was tried has gone from the table', () => {
    const [gone] = app(1).dynos
    expect(choose(app(1), 0, chances(0), [gone!], 'H13')).toMatchObject({ dyno: { id: 'web.1' } })
  })

  it('tries each dyno once, ten at most, then gives the last failure', () => {
    const shop = app(2)
    expect(choose(shop, 0, chances(0), [shop.dynos[0]!], 'H21')).toMatchObject({ dyno: { id: 'web.2' } })
    expect(choose(shop, 0, chances(0), shop.dynos, 'H21')).toEqual({ kind: 'refuse', code: 'H21' })
    const large = app(20)
    expect(choose(large, 0, chances(0), large.dynos.slice(0, MAX_ATTEMPTS), 'H19')).toEqual({ kind: 'refuse', code: 'H19' })
  })

  it.each<{ title: string; states: (Quarantine | 'free' | 'tried')[]; over?: Partial<TableRoute>; got: number | undefined }>([
    { title: 'another one', states: ['tried', 'free'], got: 2 },
    { title: 'nobody when there is no other', states: ['tried'], got: undefined },
    { title: 'nobody when the others are late too', states: ['tried', 'suspected'], got: undefined },
    { title: 'nobody when the others failed', states: ['tried', 'slow', 'refused'], got: undefined },
    { title: 'the one nothing is known against', states: ['suspected', 'tried', 'free', 'slow'], got: 3 },
    { title: 'nobody under maintenance', states: ['tried', 'free'], over: { maintenance: true }, got: undefined },
    { title: 'nobody beyond ten', states: [...Array<'tried'>(MAX_ATTEMPTS).fill('tried'), 'free'], got: undefined },
  ])('dials beside a late one: $title', ({ states, over = {}, got }) => {
    const shop = app(states.length, over)
    const tried = shop.dynos.filter((_, i) => states[i] === 'tried')
    shop.dynos.forEach((target, i) => {
      const state = states[i]!
      if (state !== 'free' && state !== 'tried') quarantine(target, state)
    })
    expect(chooseBeside(shop, 0, () => 0, tried)).toBe(got === undefined ? undefined : shop.dynos[got - 1])
  })

  it.each([
    [{ state: 'blank' as const }, { kind: 'refuse', code: 'H81' }],
    [{ state: 'no-web' as const }, { kind: 'refuse', code: 'H14' }],
    [{ state: 'crashed' as const }, { kind: 'refuse', code: 'H10' }],
    [{ state: 'booting' as const }, { kind: 'wait' }],
    [{ state: 'serving' as const }, { kind: 'wait' }],
    [
      { state: 'booting' as const, maintenance: true },
      { kind: 'refuse', code: 'H80' },
    ],
  ])('without a dyno: %j → %j', (over, choice) => {
    expect(choose(app(0, over), 0, chances())).toEqual(choice)
  })

  it('never gives one that was tried or is set aside while another is free', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('free', 'tried', 'aside'), { minLength: 1, maxLength: 9 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (states, chance) => {
          const shop = app(states.length)
          const tried = shop.dynos.filter((_, i) => states[i] === 'tried')
          shop.dynos.forEach((target, i) => void (states[i] === 'aside' && quarantine(target, 'refused')))
          const choice = choose(shop, 0, () => chance, tried, 'H21')
          if (!states.includes('free')) return
          expect(choice.kind === 'dyno' && states[shop.dynos.indexOf(choice.dyno)]).toBe('free')
        },
      ),
    )
  })

  it('limits an app to 200 requests per dyno, and a booting one to 200', () => {
    const shop = app(2)
    shop.active = 399
    expect(isBacklogFull(shop)).toBe(false)
    shop.active = 400
    expect(isBacklogFull(shop)).toBe(true)
    const booting = app(0)
    booting.active = 200
    expect(isBacklogFull(booting)).toBe(true)
  })
})

describe('the table', () => {
  const route = (appId: string, domains: string[], dynos = [dyno(`${appId}.1`)]): TableRoute => ({
    appId,
    app: appId,
    domains,
    maintenance: false,
    state: 'serving',
    dynos,
  })

  it('keeps a dyno’s counters over a change, and reports who left', () => {
    const table = new RouterTable()
    table.apply({ version: 1, full: true, set: [route('a', ['a'])], remove: [] })
    table.find('a')!.dynos[0]!.requests = 3
    table.apply({ version: 2, full: false, set: [route('a', ['a', 'b'])], remove: [] })
    expect(table.find('b')!.dynos[0]!.requests).toBe(3)
    const left = table.apply({ version: 3, full: false, set: [route('a', ['a'], [dyno('new')])], remove: [] })
    expect(left).toMatchObject([{ id: 'a.1', left: true, requests: 3 }])
    expect(table.find('b')).toBeUndefined()
  })

  it('gives a name that moved to its new app, in either order', () => {
    const table = new RouterTable()
    table.apply({ version: 1, full: true, set: [route('a', ['x']), route('b', [])], remove: [] })
    table.apply({ version: 2, full: false, set: [route('b', ['x']), route('a', [])], remove: [] })
    expect(table.find('x')!.appId).toBe('b')
    table.apply({ version: 3, full: false, set: [], remove: ['a'] })
    expect(table.find('x')!.appId).toBe('b')
  })

  it('is after a full message what a new table would be', () => {
    const table = new RouterTable()
    table.apply({ version: 1, full: true, set: [route('a', ['a']), route('b', ['b'])], remove: [] })
    const left = table.apply({ version: 1, full: true, set: [route('b', ['c'])], remove: [] })
    expect(left.map(({ id }) => id)).toEqual(['a.1'])
    expect(table.routes).toEqual([route('b', ['c'])])
    expect([table.find('a'), table.find('b'), table.find('c')?.appId]).toEqual([undefined, undefined, 'b'])
  })
})
