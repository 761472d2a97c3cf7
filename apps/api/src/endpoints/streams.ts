// Streams: logs, build output and release output, each behind a signed
// address, since clients send no token there. Whoever holds the address reads.
import { Readable } from 'node:stream'
import type { LogEntry, LogReader } from '@paas/logs/types'
import type { Logger } from '@paas/service/log'
import { appExists } from '@paas/store/apps'
import { findRelease } from '@paas/store/releases'
import { findBuildView } from '@paas/store/releases-builds'
import type { Store } from '@paas/store/store'
import { asEvents, asLines, asText } from '../line-streams.ts'
import { type ApiRouter, type Context, found, param } from '../request.ts'
import type { Grant, Signer } from '../signed.ts'

const ALL_LINES = 10_000
/** Output stays open for this long after its row says it has ended, for the last lines to arrive. */
const GRACE_MS = 1_000
const LOOK_MS = 1_000

export interface StreamDeps {
  store: Store
  logs: { reader: LogReader }
  signer: Signer
  log: Logger
  /** Aborts when the api stops: streams end cleanly, and clients come back to the next process. */
  closing: AbortSignal
}

export function streamEndpoints(router: ApiRouter, { store, logs, signer, log, closing }: StreamDeps): void {
  router.get('/streams/logs/:signed', async (ctx) => {
    const grant = granted(ctx, 'logs')
    await appStillThere(grant.appId)
    const { lines, tail, source, dyno } = grant
    const after = /^\d{1,15}$/.exec(ctx.get('last-event-id'))?.[0]
    const entries = logs.reader.read(
      `app:${grant.appId}`,
      { lines, tail, ...(source ? { source } : {}), ...(dyno ? { dyno } : {}), ...(after ? { after: Number(after) } : {}) },
      untilGone(ctx),
    )
    const events = /\btext\/event-stream\b/.test(ctx.get('accept'))
    send(ctx, events ? 'text/event-stream' : 'text/plain; charset=utf-8', events ? asEvents(entries) : asLines(entries))
  })

  router.get('/streams/builds/:signed', async (ctx) => {
    const { appId, buildId } = granted(ctx, 'build')
    await appStillThere(appId)
    const ended = async () => !['queued', 'running'].includes((await findBuildView(store, appId, buildId))?.status ?? 'gone')
    const over = await ended()
    const signal = over ? untilGone(ctx) : until(untilGone(ctx), ended)
    send(
      ctx,
      'text/plain; charset=utf-8',
      asText(logs.reader.read(`build:${buildId}`, { lines: ALL_LINES, tail: !over }, signal)),
    )
  })

  router.get('/streams/releases/:signed', async (ctx) => {
    const { appId, version } = granted(ctx, 'release')
    await appStillThere(appId)
    const release = found(await findRelease(store, appId, String(version)), 'release')
    const over = release.status !== 'pending'
    const ended = async () => (await findRelease(store, appId, String(version)))?.status !== 'pending'
    const signal = over ? untilGone(ctx) : until(untilGone(ctx), ended)
    const entries = logs.reader.read(`app:${appId}`, { lines: ALL_LINES, tail: !over, dyno: 'release' }, signal)
    const last = over ? release.updatedAt.getTime() * 1000 + 999 : Number.POSITIVE_INFINITY
    send(ctx, 'text/plain; charset=utf-8', asText(between(entries, release.createdAt.getTime() * 1000, last)))
  })

  function granted<K extends Grant['kind']>(ctx: Context, kind: K): Extract<Grant, { kind: K }> {
    const grant = signer.open(param(ctx, 'signed'), Date.now())
    return found(grant?.kind === kind ? (grant as Extract<Grant, { kind: K }>) : undefined, 'stream')
  }

  async function appStillThere(appId: string): Promise<void> {
    found((await appExists(store, appId)) || undefined, 'stream')
  }

  function untilGone(ctx: Context): AbortSignal {
    const abort = new AbortController()
    ctx.res.once('close', () => abort.abort())
    return AbortSignal.any([abort.signal, closing])
  }

  function send(ctx: Context, type: string, chunks: AsyncIterable<string>): void {
    ctx.set('Content-Type', type)
    ctx.set('Cache-Control', 'no-store')
    ctx.set('X-Accel-Buffering', 'no')
    ctx.status = 200
    ctx.body = Readable.from(endQuietly(chunks, log), { objectMode: true })
  }
}

/** A log that breaks off ends the answer; a reset would make Heroku's CLI fail where it can come back. */
async function* endQuietly(chunks: AsyncIterable<string>, log: Logger): AsyncGenerator<string> {
  try {
    yield* chunks
  } catch (err) {
    log.warn({ err }, 'stream.broken')
  }
}

/** Also aborts a moment after `ended` says so: the end of a stream may have been lost with a restart of the log-router. */
function until(signal: AbortSignal, ended: () => Promise<boolean>): AbortSignal {
  const abort = new AbortController()
  const look = async () => {
    if (signal.aborted) return
    const over = await ended().catch(() => false)
    setTimeout(over ? () => abort.abort() : look, over ? GRACE_MS : LOOK_MS).unref()
  }
  setTimeout(look, LOOK_MS).unref()
  return AbortSignal.any([signal, abort.signal])
}

async function* between(entries: AsyncIterable<LogEntry>, first: number, last: number): AsyncGenerator<LogEntry> {
  for await (const entry of entries) if (entry.at >= first && entry.at <= last) yield entry
}
