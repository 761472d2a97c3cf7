// One effect per write, however often the network made a client send it:
// the Request-Id names the request, and the first answer is given again.
import { setTimeout as pause } from 'node:timers/promises'
import { PlatformError } from '@paas/domain/errors'
import { answerKey, claimAnswer, dropAnswer, keepAnswer } from '@paas/store/answers'
import type { Store } from '@paas/store/store'
import type { Middleware } from 'koa'
import type { State } from './request.ts'

const WRITES = new Set(['POST', 'PATCH'])
const BUSY_DEADLINE_MS = 25_000
const BUSY_POLL_MS = 50

/** Answers with tokens are not kept: a token is never stored, not even sealed. */
function isKept(path: string): boolean {
  return !path.startsWith('/oauth/')
}

export function answerOnce(store: Store): Middleware<State> {
  return async (ctx, next) => {
    const requestId = ctx.get('request-id')
    if (requestId === '' || !WRITES.has(ctx.method) || !isKept(ctx.path)) return next()
    const { user, rawBody } = ctx.state
    const key = answerKey({ userId: user.id, requestId, method: ctx.method, path: ctx.path, body: rawBody })
    const given = await claim(store, key)
    if (given) {
      ctx.status = given.status
      ctx.body = given.body
      return
    }
    try {
      await next()
    } catch (error) {
      await dropAnswer(store, key).catch(() => {})
      throw error
    }
    await keepAnswer(store, key, ctx.status, ctx.body)
  }
}

async function claim(store: Store, key: string): Promise<{ status: number; body: unknown } | undefined> {
  const late = Date.now() + BUSY_DEADLINE_MS
  for (;;) {
    const claimed = await claimAnswer(store, key)
    if (claimed.kind === 'claimed') return undefined
    if (claimed.kind === 'answered') return claimed
    if (Date.now() > late) throw new PlatformError('conflict', 'The same request is still being worked on')
    await pause(BUSY_POLL_MS)
  }
}
