// Follows a log session: one HTTP stream after another, each going on after the
// last line seen, so that neither a broken connection nor a restarted platform
// loses or repeats a line.
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, path } from './api.ts'
import type { Send } from './connect.ts'
import { Failure } from './failure.ts'
import { createEventParser } from './sse.ts'
import type { Output } from './terminal.ts'
import { USER_AGENT } from './version.ts'

/** The server sends a comment every 15–30 s; three missing ones mean a dead connection. */
const SILENCE_MS = 90_000
const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 10_000
const EXPIRED = 'expired'

export interface LogRequest {
  lines: number
  tail: boolean
  source?: string
  dyno?: string
}

export interface LogTarget {
  stdout: Output
  paint(line: string): string
  note(text: string): void
}

/** Prints until the history has been read or, with `tail`, until the process is stopped. */
export async function followLogs(api: Api, send: Send, app: string, wanted: LogRequest, target: LogTarget): Promise<void> {
  const openSession = async () =>
    (await api.call<{ logplex_url: string }>('POST', path`/apps/${app}/log-sessions`, { body: wanted })).logplex_url
  let url = await openSession()
  let lastEventId = ''
  let failures = 0
  for (;;) {
    try {
      await print(await openStream(send, url, lastEventId), lastEventId, target, (id) => {
        lastEventId = id
        failures = 0
      })
      if (!wanted.tail) return
    } catch (err) {
      failures += 1
      if (!(err instanceof Failure) || !isWorthRetrying(err) || (!wanted.tail && failures > 3)) throw err
      if (err.id === EXPIRED) url = await openSession().catch((refused) => giveUpUnlessPassing(refused, url))
      else if (failures === 1) target.note('Log stream interrupted, connecting again...')
    }
    await sleep(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, failures - 1)))
  }
}

/** An open stream; a Failure of id `expired` when the session is over, which 403 and 404 say. */
async function openStream(send: Send, url: string, lastEventId: string): Promise<IncomingMessage> {
  const response = await send(new URL(url), {
    method: 'GET',
    silenceMs: SILENCE_MS,
    headers: {
      accept: 'text/event-stream',
      'user-agent': USER_AGENT,
      ...(lastEventId ? { 'last-event-id': lastEventId } : {}),
    },
  })
  const status = response.statusCode ?? 0
  if (status === 200) return response
  response.destroy()
  throw new Failure(`The log stream could not be opened (HTTP ${status}).`, {
    status,
    id: status === 403 || status === 404 ? EXPIRED : undefined,
    hint: 'Try again in a few seconds.',
  })
}

async function print(stream: IncomingMessage, lastEventId: string, target: LogTarget, seen: (id: string) => void): Promise<void> {
  const parse = createEventParser(lastEventId)
  try {
    for await (const chunk of stream) {
      const events = parse(chunk as Buffer)
      if (events.length === 0) continue
      const lines = events.flatMap(({ data }) => data.split('\n')).map((line) => `${target.paint(line)}\n`)
      // Only lines that were written count as seen.
      const room = target.stdout.write(lines.join(''))
      seen(events.at(-1)!.lastEventId)
      if (!room) await new Promise((drained) => target.stdout.once('drain', drained))
    }
  } catch (err) {
    throw new Failure('The log stream broke off.', { cause: err, id: 'ECONNRESET' })
  }
}

function giveUpUnlessPassing(err: unknown, url: string): string {
  if (err instanceof Failure && isWorthRetrying(err)) return url
  throw err
}

function isWorthRetrying(failure: Failure): boolean {
  const network = [EXPIRED, 'ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'ESILENT', 'EPIPE']
  return (failure.status ?? 0) >= 500 || network.includes(failure.id ?? '')
}
