// Request bodies: at most 1 MB of JSON, no deeper than anything we take.
import type { IncomingMessage } from 'node:http'
import { PlatformError } from '@paas/domain/errors'
import type { Middleware } from 'koa'
import type { State } from './request.ts'

export const MAX_BODY_BYTES = 1_048_576
/** Bodies of this API nest four deep; parsers downstream are recursive. */
const MAX_DEPTH = 32

/** Reads the body before anything is decided from it. */
export const readBody: Middleware<State> = async (ctx, next) => {
  const raw = ctx.method === 'GET' || ctx.method === 'HEAD' ? '' : await readText(ctx.req)
  ctx.state.rawBody = raw
  ctx.state.body = raw.trim() === '' ? {} : parseJson(raw)
  await next()
}

async function readText(req: IncomingMessage): Promise<string> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge(req)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw tooLarge(req)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The rest is read and thrown away, so that the client gets to see the answer. */
function tooLarge(req: IncomingMessage): PlatformError {
  req.resume()
  return new PlatformError('payload_too_large', 'A request body may have at most 1 MB')
}

/** Any JSON value; throws `bad_request` for malformed text, for more than 32 levels, and for `__proto__`, which no field here is named. */
export function parseJson(text: string): unknown {
  if (depthOf(text) > MAX_DEPTH) throw new PlatformError('bad_request', 'The body is nested too deep')
  try {
    return JSON.parse(text, (key, value: unknown) => {
      if (key === '__proto__') throw new PlatformError('bad_request', '__proto__ is not a field')
      return value
    })
  } catch (cause) {
    if (cause instanceof PlatformError) throw cause
    throw new PlatformError('bad_request', 'The body is not valid JSON', { cause })
  }
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i]
    if (inString) {
      if (char === '\\') i += 1
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') deepest = Math.max(deepest, (depth += 1))
    else if (char === '}' || char === ']') depth -= 1
  }
  return deepest
}
