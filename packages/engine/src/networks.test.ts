import { describe, expect, it } from 'vitest'
import type { Engine } from './client.ts'
import { ensureAppNetwork } from './networks.ts'

/** Has the networks of some apps, answers in turn, and counts how often it is asked. */
function fakeEngine(apps: string[]) {
  const asked: string[] = []
  const inspect = async (name: string) => {
    asked.push(name)
    if (apps.some((app) => name.endsWith(app))) return {}
    throw new Error('the engine is away')
  }
  const engine = { prefix: 'paas', docker: { getNetwork: (name: string) => ({ inspect: () => inspect(name) }) } }
  const call: Engine['call'] = (_what, work) => work(new AbortController().signal)
  return { asked, engine: { ...engine, call } as unknown as Engine }
}

describe('ensureAppNetwork', () => {
  it('looks once for all dynos of an app that start together, and again for those after them', async () => {
    const { engine, asked } = fakeEngine(['a', 'b'])
    const names = await Promise.all(['a', 'a', 'b', 'a'].map((app) => ensureAppNetwork(engine, app)))
    expect(names).toEqual(['paas-app-a', 'paas-app-a', 'paas-app-b', 'paas-app-a'])
    expect(asked).toEqual(['paas-app-a', 'paas-app-b'])
    await ensureAppNetwork(engine, 'a')
    expect(asked).toHaveLength(3)
  })

  it('looks on each engine', async () => {
    const [one, other] = [fakeEngine(['a']), fakeEngine(['a'])]
    await Promise.all([ensureAppNetwork(one.engine, 'a'), ensureAppNetwork(other.engine, 'a')])
    expect([one.asked, other.asked]).toEqual([['paas-app-a'], ['paas-app-a']])
  })

  it('does not remember a failure', async () => {
    const { engine, asked } = fakeEngine([])
    for (const looks of [1, 2]) {
      await expect(ensureAppNetwork(engine, 'a')).rejects.toThrow('away')
      expect(asked).toHaveLength(looks)
    }
  })
})
