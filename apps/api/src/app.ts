// The api as one Koa application, and the order in which a request passes.
import type { Settings } from '@paas/contract/settings'
import type { LogReader, LogWriter } from '@paas/logs/types'
import type { Logger } from '@paas/service/log'
import type { Store } from '@paas/store/store'
import Koa from 'koa'
import { authenticate } from './auth.ts'
import { readBody } from './body.ts'
import { absentEndpoints } from './endpoints/absent.ts'
import { accessEndpoints } from './endpoints/access.ts'
import { accountEndpoints } from './endpoints/account.ts'
import { appEndpoints } from './endpoints/apps.ts'
import { authorizationEndpoints } from './endpoints/authorizations.ts'
import { buildpackEndpoints } from './endpoints/buildpacks.ts'
import { buildEndpoints } from './endpoints/builds.ts'
import { configVarEndpoints } from './endpoints/config-vars.ts'
import { domainEndpoints } from './endpoints/domains.ts'
import { dynoEndpoints } from './endpoints/dynos.ts'
import { execEndpoints } from './endpoints/execs.ts'
import { formationEndpoints } from './endpoints/formation.ts'
import { hostActionEndpoints } from './endpoints/host-actions.ts'
import { hostEndpoints } from './endpoints/hosts.ts'
import { logSessionEndpoints } from './endpoints/log-sessions.ts'
import { placementEndpoints } from './endpoints/placement.ts'
import { platformEndpoints } from './endpoints/platform.ts'
import { releaseEndpoints } from './endpoints/releases.ts'
import { streamEndpoints } from './endpoints/streams.ts'
import { welcomeEndpoints } from './endpoints/welcome.ts'
import { answerErrors } from './errors.ts'
import type { HostAuthority } from './host-authority.ts'
import { answerOnce } from './idempotency.ts'
import { LoginAttempts, RequestQuota } from './limits.ts'
import { type ApiRouter, createRouter, type State } from './request.ts'
import { createSigner } from './signed.ts'

export type ApiSettings = Pick<
  Settings,
  | 'runDir'
  | 'dataDir'
  | 'domain'
  | 'httpsPort'
  | 'rendezvousPort'
  | 'apiRequestsPerHour'
  | 'memoryOvercommit'
  | 'hostSubnets'
  | 'engineKind'
>

export interface AppDeps {
  store: Store
  logs: { reader: LogReader; writer: LogWriter }
  log: Logger
  settings: ApiSettings
  authority: HostAuthority
  /** Aborts when the api stops. */
  closing: AbortSignal
}

export interface ApiApp {
  koa: Koa<State>
  /** Open to all, and behind authentication: what the tests of access go through. */
  routers: { open: ApiRouter; guarded: ApiRouter }
}

export function createApi({ store, logs, log, settings, authority, closing }: AppDeps): ApiApp {
  const signer = createSigner(store.key)
  const deps = { store, logs, log, settings, authority, signer, closing }
  const open = createRouter()
  welcomeEndpoints(open, deps)
  streamEndpoints(open, deps)

  const guarded = createRouter()
  accountEndpoints(guarded, deps)
  authorizationEndpoints(guarded, deps)
  platformEndpoints(guarded)
  appEndpoints(guarded, deps)
  configVarEndpoints(guarded, deps)
  formationEndpoints(guarded, deps)
  dynoEndpoints(guarded, deps)
  execEndpoints(guarded, deps)
  placementEndpoints(guarded, deps)
  releaseEndpoints(guarded, deps)
  buildEndpoints(guarded, deps)
  domainEndpoints(guarded, deps)
  buildpackEndpoints(guarded, deps)
  logSessionEndpoints(guarded, deps)
  hostActionEndpoints(guarded, deps)
  hostEndpoints(guarded, deps)
  accessEndpoints(guarded, deps)
  absentEndpoints(guarded, deps)

  const quota = new RequestQuota(settings.apiRequestsPerHour)
  const attempts = new LoginAttempts()
  const koa = new Koa<State>()
  koa.silent = true // what is thrown is logged in answerErrors; a client that went away is nobody's fault
  koa.use(nameRequest)
  koa.use(answerErrors(log))
  koa.use(open.routes())
  // From here on nothing is told to strangers, not even which paths exist.
  koa.use(authenticate({ store, quota, attempts }))
  koa.use(readBody)
  koa.use(answerOnce(store))
  koa.use(guarded.routes())
  return { koa, routers: { open, guarded } }
}

/** The client's Request-Id comes back when it is one id; Heroku's CLI sends a growing list, which gets an id of ours. */
const nameRequest: Koa.Middleware<State> = async (ctx, next) => {
  const given = ctx.get('request-id')
  ctx.state.requestId = /^[A-Za-z0-9+/=-]{20,200}$/.test(given) ? given : crypto.randomUUID()
  ctx.set('Request-Id', ctx.state.requestId)
  ctx.set('X-Content-Type-Options', 'nosniff')
  ctx.set('Cache-Control', 'private, no-cache')
  await next()
}
