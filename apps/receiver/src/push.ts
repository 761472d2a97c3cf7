// One push, from the hook's question to its answer: check, hand the source
// over, queue a build, follow it. Nothing here is undone when the client goes.
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { paths, type Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { type PushPlan, planPush } from '@paas/domain/push-plan'
import { appUrl, deployedLines } from '@paas/domain/push-text'
import { archiveSource } from '@paas/git/archive'
import { readRef } from '@paas/git/ref'
import type { LogReader, LogWriter } from '@paas/logs/types'
import type { Queues } from '@paas/queue/types'
import type { Logger } from '@paas/service/log'
import { pause } from '@paas/service/wait'
import { createBuild } from '@paas/store/builds'
import type { PushApp } from '@paas/store/push-target'
import type { Store } from '@paas/store/store'
import type { Conversation, PushRequest } from './conversation.ts'
import { diskRefusal } from './disk.ts'
import { followBuild } from './follow.ts'
import { Reporter } from './reporter.ts'
import type { Turns } from './turns.ts'

/** Pushes of one app that hold or wait for its turn. */
const MAX_WAITING = 32
const ROW_TRIES = 5
const ROW_RETRY_MS = 1_000

export type ReceiverSettings = Pick<
  Settings,
  | 'domain'
  | 'httpPort'
  | 'httpsPort'
  | 'dataDir'
  | 'runDir'
  | 'packMaxBytes'
  | 'sourceMaxBytes'
  | 'sourceMaxEntries'
  | 'diskReserveBytes'
>

export interface PushDeps {
  store: Store
  queues: Pick<Queues, 'add'>
  logs: { reader: LogReader; writer: LogWriter }
  log: Logger
  settings: ReceiverSettings
  turns: Turns
}

export interface Pusher {
  app: PushApp
  user: { id: string; email: string }
  repository: string
}

/**
 * Answers the hook. What comes back ends the app's turn: call it once git has ended and the ref has moved, and no earlier.
 * Never rejects: a failure of ours is told to the pusher as a refusal.
 */
export async function answerPush(
  deps: PushDeps,
  pusher: Pusher,
  conversation: Conversation,
  closing: AbortSignal,
): Promise<() => void> {
  const request = await conversation.request
  let release = () => {}
  if (!request) return release
  const reporter = new Reporter((line) => conversation.say(line))
  const { app } = pusher
  try {
    const plan = planPush(request.updates)
    await reporter.say(...plan.lines)
    if (plan.kind === 'deploy') {
      if (deps.turns.waiting(app.id) >= MAX_WAITING)
        throw new PlatformError('push_refused', `${MAX_WAITING} other pushes of ${app.name} are waiting.`)
      if (deps.turns.waiting(app.id) > 0) await reporter.say('-----> Waiting for another push of this app...')
      reporter.doing('waiting for another push of this app')
      release = await deps.turns.take(app.id)
      conversation.answer((await deploy(deps, pusher, request, plan, reporter, closing)) ? 'accept' : 'reject')
    } else {
      conversation.answer(plan.kind === 'keep' ? 'accept' : 'reject')
    }
  } catch (error) {
    await reporter.say(...refusalLines(deps.log, app, error))
    conversation.answer('reject')
  } finally {
    reporter.close()
  }
  return release
}

async function deploy(
  deps: PushDeps,
  pusher: Pusher,
  request: PushRequest,
  plan: Extract<PushPlan, { kind: 'deploy' }>,
  reporter: Reporter,
  closing: AbortSignal,
): Promise<boolean> {
  const { app } = pusher
  reporter.doing('reading the source')
  const buildId = await queueBuild(deps, pusher, request, plan, reporter)
  reporter.doing('waiting for a free builder')
  const verdict = await followBuild(
    { store: deps.store, reader: deps.logs.reader, log: deps.log },
    { app, buildId },
    reporter,
    closing,
  )
  if (!verdict) {
    await reporter.say(
      ' !     The platform is restarting, so this push ends here. The build goes on:',
      ` !       paas builds -a ${app.name}`,
    )
    return false
  }
  if (verdict.kind === 'reject') {
    await reporter.say(' !', ...verdict.lines, ' !')
    return false
  }
  await reporter.say(...deployedLines(verdict.version, appUrl(app.name, deps.settings)))
  deps.log.info({ app: app.id, build: buildId, release: verdict.version }, 'push.accepted')
  return true
}

/** Writes the source, then the row, then the hint; the id of the build. Throws what the pusher did wrong, or what the platform lacks. */
async function queueBuild(
  { store, queues, logs, log, settings }: PushDeps,
  { app, user, repository }: Pusher,
  { quarantine }: PushRequest,
  { ref, before, commit }: Extract<PushPlan, { kind: 'deploy' }>,
  reporter: Reporter,
): Promise<string> {
  const startedAt = performance.now()
  const full = await diskRefusal(settings)
  if (full) throw new PlatformError('disk_full', full)
  const buildId = randomUUID()
  const target = path.join(paths.sources(settings), `${buildId}.tar`)
  const caps = { maxBytes: settings.sourceMaxBytes, maxEntries: settings.sourceMaxEntries }
  const [source, now] = await Promise.all([
    archiveSource({ repository, commit, quarantine, target, caps }),
    readRef(repository, ref),
  ])
  if (now !== before) {
    await rm(target, { force: true })
    throw new PlatformError('push_refused', `${path.basename(ref)} has moved: another push was deployed meanwhile.`, {
      hint: 'Fetch it, or push again to deploy yours over it.',
    })
  }
  if (source.submodules) await reporter.say(' !     Submodules are not fetched: their folders are empty in this build.')
  const build = { id: buildId, appId: app.id, userId: user.id, commit, sourcePath: target, sourceBytes: source.bytes }
  await addRow(log, () => createBuild(store, build))
  const job = queues.add('builds', buildId, { appId: app.id, buildId })
  // The row is what counts: without Redis the builder finds it by itself, only later.
  await job.catch((err: unknown) => log.warn({ err, app: app.id, build: buildId }, 'build.enqueue_failed'))
  logs.writer.write(`app:${app.id}`, { source: 'app', dyno: 'api', text: `Build started by user ${user.email}` })
  log.info({ app: app.id, build: buildId, commit, elapsedMs: Math.round(performance.now() - startedAt) }, 'build.queued')
  return buildId
}

/** Again while Postgres is away for a moment: repeating it with the same id is harmless, and whether the first try was lost nobody can know. */
async function addRow(log: Logger, add: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return void (await add())
    } catch (err) {
      if (tries === ROW_TRIES) throw err
      log.warn({ err, tries }, 'build.insert_failed')
      await pause(ROW_RETRY_MS)
    }
  }
}

function refusalLines(log: Logger, app: PushApp, error: unknown): string[] {
  if (error instanceof PlatformError) {
    log.info({ app: app.id, code: error.code, reason: error.message }, 'push.refused')
    const unreachable = error.code === 'store_unreachable'
    return [
      ` !     ${error.message}`,
      ...(error.hint ? [` !     ${error.hint}`] : []),
      ...(unreachable ? [] : [' !     Push rejected.']),
    ]
  }
  const err = error as NodeJS.ErrnoException
  if (err.code === 'ENOSPC') return [" !     The platform's disk is full: nothing can be pushed until there is room."]
  log.error({ err, app: app.id }, 'push.failed')
  return [' !     The platform could not take this push: one of its parts does not answer. Nothing was changed; try again.']
}
