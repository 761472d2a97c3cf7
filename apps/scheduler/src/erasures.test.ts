import { expect, it } from 'vitest'
import { Erasures } from './erasures.ts'

it('leaves an app alone for longer after each failure, and forgets them once it is erased', async () => {
  const erasures = new Erasures()
  const away = () => Promise.reject(new Error('the log-router does not answer'))
  const waits: number[] = []
  for (let tries = 0; tries < 3; tries += 1) {
    const beganMs = Date.now()
    await expect(erasures.try('app', away)).rejects.toThrow('does not answer')
    waits.push(Math.round((erasures.afterMs('app')! - beganMs) / 1000))
  }
  expect(waits).toEqual([1, 2, 4])
  expect(erasures.afterMs('other')).toBeUndefined()
  await erasures.try('app', async () => {})
  expect(erasures.afterMs('app')).toBeUndefined()
})
