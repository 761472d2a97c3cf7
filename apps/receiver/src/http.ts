// Git's smart HTTP (gitprotocol-http(5)): who asks, for which app, and which
// of git's three exchanges follows. Whoever may not see an app gets the same
// answer as for one that does not exist.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { paths } from '@paas/contract/settings'
import { fatal, packet, serviceHeader } from '@paas/git/pkt-line'
import { ensureRepository } from '@paas/git/repository'
import { findPushApp, type PushApp } from '@paas/store/push-target'
import { findTokenHolder } from '@paas/store/tokens'
import { wake } from '@paas/store/wakes'
import { advertiseRefs } from './advertise.ts'
import { diskRefusal } from './disk.ts'
import type { Housekeeping } from './housekeeping.ts'
import { answerPush, type PushDeps } from './push.ts'
import { serveReceivePack } from './receive-pack.ts'
import { type GitRequest, parseGitRequest, passwordOf, protocolOf } from './request.ts'
import { serveUploadPack } from './upload-pack.ts'

/** Exchanges at once: each is a git process and its memory. */
const MAX_EXCHANGES = 64

export interface GitHttpDeps extends PushDeps {
  housekeeping: Housekeeping
  /** Aborts when the receiver stops. */
  closing: AbortSignal
}

/** Answers every request; resolves when the exchange is over, and never rejects. */
export function createGitHandler(deps: GitHttpDeps): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  let exchanges = 0
  return async (req, res) => {
    exchanges += 1
    try {
      if (exchanges > MAX_EXCHANGES)
        return refuse(res, 503, 'The platform is taking too many pushes at once. Try again in a minute.')
      await handle(deps, req, res)
    } catch (err) {
      deps.log.error({ err, url: req.url, requestId: req.headers['x-request-id'] }, 'git.failed')
      refuse(res, 503, 'A part of the platform does not answer. Nothing was changed; try again.')
    } finally {
      exchanges -= 1
    }
  }
}

async function handle(deps: GitHttpDeps, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const asked = parseGitRequest(req.method ?? '', req.url ?? '')
  if (!asked) return refuse(res, 404, 'There is no such page here. A repository is at /<app>.git')
  const token = passwordOf(req.headers.authorization)
  const holder = token ? await findTokenHolder(deps.store, token, new Date()) : undefined
  if (!holder) {
    res.setHeader('www-authenticate', 'Basic realm="paas", charset="UTF-8"')
    return refuse(res, 401, 'Log in with any user name and a token as the password: `paas login`, then `paas auth:token`.')
  }
  const app = await findPushApp(deps.store, { user: holder.user, app: asked.app })
  if (!app) return refuse(res, 404, `There is no app ${asked.app} that you have access to. Your apps: paas apps`)
  await exchange(deps, { req, res, asked, app, user: holder.user })
}

interface Exchange {
  req: IncomingMessage
  res: ServerResponse
  asked: GitRequest
  app: PushApp
  user: { id: string; email: string }
}

async function exchange(deps: GitHttpDeps, { req, res, asked: { service, step }, app, user }: Exchange): Promise<void> {
  const { settings, log, closing, housekeeping } = deps
  const full = service === 'git-receive-pack' ? await diskRefusal(settings) : undefined
  if (full) return refuseInGit(res, service, step, full)
  const repository = await ensureRepository(paths.repositories(settings), app.id)
  const protocol = protocolOf(req.headers['git-protocol'])
  if (step === 'refs') {
    // A hint that may be lost: the scheduler gets ready for the dynos this push will need.
    if (service === 'git-receive-pack') void wake(deps.store.db, 'push', app.id).catch(() => {})
    return advertiseRefs(res, { repository, service, protocol })
  }
  if (req.headers['content-type'] !== `application/x-${service}-request`)
    return refuse(res, 415, `Send application/x-${service}-request.`)
  if (!/^((x-)?gzip|identity)?$/i.test(req.headers['content-encoding'] ?? ''))
    return refuse(res, 415, 'Send it plain or gzipped.')
  if (service === 'git-upload-pack') return void (await serveUploadPack(req, res, { repository, protocol }))

  let release = () => {}
  try {
    const options = { repository, protocol, packMaxBytes: settings.packMaxBytes }
    const { code, stderr } = await serveReceivePack(req, res, options, async (conversation) => {
      release = await answerPush(deps, { app, user, repository }, conversation, closing)
    })
    log.info({ app: app.id, user: user.id, code, ...(code === 0 ? {} : { stderr }) }, 'push.ended')
  } finally {
    release()
  }
  housekeeping.tidy(app.id, repository)
}

/** A reason in plain text: git prints it as `remote: …` before its own error. */
function refuse(res: ServerResponse, status: number, reason: string): void {
  if (res.headersSent) return void res.destroy()
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' })
  res.end(`${reason}\n`)
}

/** A refusal inside the protocol, where an HTTP status would be printed as a number without the reason. */
function refuseInGit(res: ServerResponse, service: GitRequest['service'], step: GitRequest['step'], reason: string): void {
  res.writeHead(200, {
    'content-type': `application/x-${service}-${step === 'refs' ? 'advertisement' : 'result'}`,
    'cache-control': 'no-cache',
  })
  res.end(step === 'refs' ? Buffer.concat([serviceHeader(service), packet(`ERR ${reason}`)]) : fatal(reason))
}
