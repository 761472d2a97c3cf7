import { redactor } from '@paas/domain/redact'
import { expect, it } from 'vitest'
import { BuildOutput } from './output.ts'

function recorded() {
  const lines: string[] = []
  const output = new BuildOutput({ write: (stream, { text }) => void lines.push(`${stream} ${text}`) }, { id: 'b', appId: 'a' })
  return {
    output,
    of: (stream: string) => lines.filter((line) => line.startsWith(`${stream} `)).map((line) => line.slice(stream.length + 1)),
  }
}

it('cuts lines wherever chunks are cut, into both streams', () => {
  const { output, of } = recorded()
  for (const part of ['one\ntw', 'o\r\n50%\r100%\nr\xc3'.slice(0, -1), 'est']) output.write(Buffer.from(part))
  output.flush()
  expect(of('build:b')).toEqual(['one', 'two', '100%', 'rest'])
  expect(of('app:a')).toEqual(of('build:b'))
})

it('hides config vars, also when the container prints them', () => {
  const { output, of } = recorded()
  output.hide(redactor(['hunter22']))
  output.write(Buffer.from('key=hun'))
  output.write(Buffer.from('ter22\n'))
  expect(of('build:b')).toEqual(['key=[redacted]'])
})

it('caps what it passes on, and counts the rest', () => {
  const { output, of } = recorded()
  const line = Buffer.from(`${'x'.repeat(9_999)}\n`)
  for (let count = 0; count < 1_000; count++) output.write(line)
  output.flush()
  const shown = of('build:b')
  expect(shown.length).toBeLessThan(900)
  expect(shown.at(-1)).toBe(` !     ${1_001 - shown.length} more lines were left out: a build prints at most 8 MB`)
})
