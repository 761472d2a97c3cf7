import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MarkerKeeper } from './status-marker.ts'

const MARKER = '\uFFFF heroku-command-exit-status: 3\n'

it('sends a marker in one piece however the output was cut, and loses nothing', () => {
  const output = Buffer.from(`some output\nand é more${MARKER}`)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: output.length }), { maxLength: 8 }), (cuts) => {
      const keeper = new MarkerKeeper()
      const edges = [0, ...cuts.toSorted((a, b) => a - b), output.length]
      const pieces = edges.slice(1).flatMap((end, index) => keeper.push(output.subarray(edges[index], end)))
      pieces.push(...keeper.flush())
      expect(Buffer.concat(pieces)).toEqual(output)
      expect(pieces.filter((piece) => piece.toString().includes(MARKER))).toHaveLength(1)
    }),
  )
})

it('does not hold back what only looks like one', () => {
  const keeper = new MarkerKeeper()
  expect(Buffer.concat(keeper.push(Buffer.from(`\uFFFF${'x'.repeat(300)}`)))).toHaveLength(303)
  expect(keeper.holds).toBe(false)
})
