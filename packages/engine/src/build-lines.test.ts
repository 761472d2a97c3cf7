import { expect, it } from 'vitest'
import { wholeLines } from './build-lines.ts'

function collected() {
  const parts: string[] = []
  const lines = wholeLines((chunk) => void parts.push(chunk.toString()))
  return { parts, write: (text: string) => lines.write(Buffer.from(text)), end: () => lines.end() }
}

it('hands over what ends with a newline at once, and holds the rest', () => {
  const { parts, write, end } = collected()
  write('one\ntwo\nthr')
  expect(parts).toEqual(['one\ntwo\n'])
  write('ee')
  write('\nfour')
  expect(parts).toEqual(['one\ntwo\n', 'three\n'])
  end()
  expect(parts.at(-1)).toBe('four\n')
})

it('does not let two streams meet in one line', () => {
  const both: string[] = []
  const [out, err] = [0, 1].map(() => wholeLines((chunk) => void both.push(chunk.toString())))
  err!.write(Buffer.from('/bin/sh: 1: '))
  out!.write(Buffer.from('said\n'))
  err!.write(Buffer.from('not found\n'))
  expect(both.join('')).toBe('said\n/bin/sh: 1: not found\n')
})

it('holds no more than 64 KB of a line without an end', () => {
  const { parts, write } = collected()
  write('x'.repeat(60_000))
  expect(parts).toEqual([])
  write('x'.repeat(10_000))
  expect(parts.join('').length).toBe(70_000)
})

it('says nothing at the end where nothing is held', () => {
  const { parts, write, end } = collected()
  write('one\n')
  end()
  expect(parts).toEqual(['one\n'])
})
