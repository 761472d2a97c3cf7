import type { LogEntry } from '@paas/logs/types'
import { expect, it } from 'vitest'
import { asEvents, asLines, asText } from './line-streams.ts'

const entry = (seq: number): LogEntry => ({ seq, at: 1_767_323_045_678_901, source: 'app', dyno: 'web.1', text: `line ${seq}` })

async function* entries(count: number): AsyncGenerator<LogEntry> {
  for (let seq = 1; seq <= count; seq += 1) yield entry(seq)
}

const line = (seq: number) => `2026-01-02T03:04:05.678901+00:00 app[web.1]: line ${seq}`

it('begins events with a short retry and numbers them by position', async () => {
  const got = await Array.fromAsync(asEvents(entries(2)))
  expect(got).toEqual(['retry: 100\n\n', `id: 1\ndata: ${line(1)}\n\n`, `id: 2\ndata: ${line(2)}\n\n`])
})

it('sends a comment while nothing happens, and loses no line over it', async () => {
  const late = Promise.withResolvers<void>()
  async function* quiet() {
    yield entry(1)
    await late.promise
    yield entry(2)
  }
  const got: string[] = []
  for await (const event of asEvents(quiet(), 1)) {
    got.push(event)
    if (got.filter((text) => text === ': ping\n\n').length === 2) late.resolve()
  }
  expect(got.filter((text) => text.startsWith('id:'))).toHaveLength(2)
})

it('prints lines and bare text', async () => {
  expect(await Array.fromAsync(asLines(entries(1)))).toEqual([`${line(1)}\n`])
  expect(await Array.fromAsync(asText(entries(1)))).toEqual(['line 1\n'])
})
