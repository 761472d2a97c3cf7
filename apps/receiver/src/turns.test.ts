import { expect, it } from 'vitest'
import { Turns } from './turns.ts'

it('lets one in at a time, in order, and others by', async () => {
  const turns = new Turns()
  const order: string[] = []
  const noting = (name: string) => (back: () => void) => {
    order.push(name)
    return back
  }
  const first = await turns.take('a')
  const second = turns.take('a').then(noting('second'))
  const third = turns.take('a').then(noting('third'))
  ;(await turns.take('b'))()
  expect([order, turns.waiting('a'), turns.waiting('b')]).toEqual([[], 3, 0])
  first()
  first()
  ;(await second)()
  ;(await third)()
  expect([order, turns.waiting('a')]).toEqual([['second', 'third'], 0])
})
