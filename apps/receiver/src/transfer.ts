// Bytes in and out of one HTTP exchange, each way with an end.
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGunzip } from 'node:zlib'
import { PlatformError } from '@paas/domain/errors'

/** A client that reads nothing for this long is treated as gone, so that it cannot hold up the app's next push. */
const STUCK_MS = 60_000

/** The request's body, expanded when it came gzipped. Fails `payload_too_large` once it is larger than `maxBytes`, expanded. */
export async function* bodyOf(req: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer> {
  const gzipped = /^(x-)?gzip$/i.test(req.headers['content-encoding'] ?? '')
  const gunzip = gzipped ? createGunzip() : undefined
  if (gunzip) {
    req.pipe(gunzip)
    req.once('close', () => {
      if (!req.complete) gunzip.destroy(new Error('the client has gone'))
    })
  }
  let bytes = 0
  for await (const chunk of (gunzip ?? req) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new PlatformError('payload_too_large', `The request is larger than ${maxBytes} bytes`)
    yield chunk
  }
  if (!req.complete) throw new Error('the client has gone')
}

/** Copies to the client as long as there is one, and reads on to the end when there is none. Does not end the response. */
export async function sendWhileConnected(source: Readable, res: ServerResponse): Promise<void> {
  for await (const chunk of source) {
    if (res.destroyed || res.write(chunk)) continue
    const stop = new AbortController()
    await Promise.race([
      once(res, 'drain', { signal: stop.signal }),
      once(res, 'close', { signal: stop.signal }),
      sleep(STUCK_MS, undefined, { signal: stop.signal }).then(() => res.destroy()),
    ]).catch(() => {})
    stop.abort()
  }
}
