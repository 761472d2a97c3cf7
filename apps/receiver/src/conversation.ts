// The receiver's side of the pre-receive hook: what is pushed comes in, lines
// for the pusher and the verdict go out (hooks/pre-receive has the other side).
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Duplex, Readable, Writable } from 'node:stream'
import { parseUpdate, type RefUpdate } from '@paas/domain/push-plan'

const MAX_UPDATE_LINES = 20_000

export interface PushRequest {
  /** Where git keeps the pushed objects until it is told to accept them; undefined when none were sent. */
  quarantine: string | undefined
  /** Undefined where a line was not an update. */
  updates: (RefUpdate | undefined)[]
}

export interface Conversation {
  /** What the hook was given; undefined when git ended without asking (nothing to update, a broken pack). */
  request: Promise<PushRequest | undefined>
  /** One clean line for the pusher. Resolves when there is room for the next; a pusher who has left takes every line at once. */
  say(line: string): Promise<void>
  /** Ends it. Later lines are ignored. */
  answer(verdict: 'accept' | 'reject'): void
}

export function openConversation(updates: Readable, lines: Duplex, verdict: Writable): Conversation {
  for (const stream of [updates, lines, verdict]) stream.on('error', () => {}) // git is gone; its end says so
  let over = false
  return {
    request: readRequest(updates),
    async say(line) {
      if (over || !lines.writable) return
      if (!lines.write(`${line}\n`)) await Promise.race([once(lines, 'drain'), once(lines, 'close')])
    },
    answer(word) {
      if (over) return
      over = true
      lines.end()
      verdict.end(`${word}\n`)
    },
  }
}

async function readRequest(input: Readable): Promise<PushRequest | undefined> {
  const request: PushRequest = { quarantine: undefined, updates: [] }
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  try {
    for await (const line of lines) {
      const [word = ''] = line.split(' ', 1)
      const rest = line.slice(word.length + 1)
      if (word === 'quarantine') request.quarantine = rest || undefined
      else if (word === 'update' && request.updates.length < MAX_UPDATE_LINES) request.updates.push(parseUpdate(rest))
      else if (word === 'end') return request
    }
    return undefined
  } finally {
    input.resume() // to its end: git counts as ended only when all its pipes have
  }
}
