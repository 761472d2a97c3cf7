// Hosts: look, add, change, drain, remove. Only admins see that there are any.
import { X509Certificate } from 'node:crypto'
import type { Settings } from '@paas/contract/settings'
import { type CertificateLife, isDue, type LastRenewal } from '@paas/domain/certificate-renewal'
import { PlatformError } from '@paas/domain/errors'
import { findHomeless, hasOtherHost } from '@paas/domain/host-drain'
import { refuseHostName } from '@paas/domain/host-name'
import { appSubnetOf, maxHosts } from '@paas/domain/host-subnet'
import { tryCredentials } from '@paas/engine/credentials'
import { lifeOf } from '@paas/service/certificate-life'
import { replaceCredentials } from '@paas/store/hosts'
import { createHost, forgetHost, type HostView, readHostCertificate, wishHostRemoved, wishOfHost } from '@paas/store/hosts-api'
import { nameDynos } from '@paas/store/placements'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { type Fleet, readFleet } from '../fleet.ts'
import type { HostAuthority } from '../host-authority.ts'
import { checkCredentials, parseEngineUrl } from '../host-credentials.ts'
import { type ApiRouter, adminOnly, bodyOf, type Context, param } from '../request.ts'

const MAX_PEM = 100_000
const Pem = z.string().min(1).max(MAX_PEM)
const Credentials = z.object({ ca: Pem, cert: Pem, key: Pem })
const NewHost = z.object({
  name: z.string().max(100),
  engine_url: z.string().max(300),
  /** Without them the engine trusts the platform's own authority (`POST /hosts/actions/sign`). */
  credentials: Credentials.optional(),
})
const HostUpdate = z.object({
  labels: z.record(z.string().max(100), z.string().max(100).nullable()).optional(),
  cordoned: z.boolean().optional(),
  draining: z.boolean().optional(),
})

const NAMED_DYNOS = 5
/** CPU is promised in shares, of which an engine gives a core's worth for each 1024. */
const SHARES_PER_CPU = 1024

export interface HostDeps {
  store: Store
  settings: Pick<Settings, 'memoryOvercommit' | 'hostSubnets'>
  authority: HostAuthority
}

export function hostEndpoints(router: ApiRouter, { store, settings, authority }: HostDeps): void {
  router.get('/hosts', async (ctx) => {
    adminOnly(ctx)
    const fleet = await readFleet(store, settings.memoryOvercommit)
    ctx.body = await Promise.all(fleet.views.map((view) => present(view, fleet)))
  })

  router.get('/hosts/:name', async (ctx) => {
    adminOnly(ctx)
    const fleet = await readFleet(store, settings.memoryOvercommit)
    ctx.body = await present(hostOf(ctx, fleet.views), fleet)
  })

  router.post('/hosts', async (ctx) => {
    adminOnly(ctx)
    const { name, engine_url, credentials } = bodyOf(ctx, NewHost)
    const refusal = refuseHostName(name)
    if (refusal) throw new PlatformError(name === 'local' ? 'name_taken' : 'invalid_params', refusal)
    const engineUrl = parseEngineUrl(engine_url)
    if (credentials) checkCredentials(credentials, new Date())
    const maxNumber = maxHosts(settings.hostSubnets)
    const view = await createHost(store, {
      name,
      engineUrl,
      credentials: credentials ?? (await authority.issueClient()),
      maxNumber,
    })
    ctx.status = 201
    ctx.body = await look(view.id)
  })

  router.patch('/hosts/:name', async (ctx) => {
    adminOnly(ctx)
    const wishes = bodyOf(ctx, HostUpdate)
    const fleet = await readFleet(store, settings.memoryOvercommit)
    const host = hostOf(ctx, fleet.views)
    if (wishes.draining === true && !host.draining) await refuseHomeless(fleet, host)
    await wishOfHost(store, host.id, wishes)
    ctx.body = await look(host.id)
  })

  // Those of another authority, which the platform cannot renew: new ones are tried before they take the place of the old.
  router.put('/hosts/:name/credentials', async (ctx) => {
    adminOnly(ctx)
    const credentials = bodyOf(ctx, Credentials)
    const fleet = await readFleet(store, settings.memoryOvercommit)
    const host = hostOf(ctx, fleet.views)
    if (host.local) throw new PlatformError('conflict', `The engine of ${host.name} is a socket, and asks for no certificate`)
    checkCredentials(credentials, new Date())
    await tryCredentials({ dockerHost: host.engineUrl, tls: credentials })
    await replaceCredentials(store, host.id, credentials)
    ctx.body = await look(host.id)
  })

  router.delete('/hosts/:name', async (ctx) => {
    adminOnly(ctx)
    const fleet = await readFleet(store, settings.memoryOvercommit)
    const host = hostOf(ctx, fleet.views)
    const force = ctx.query['force'] !== undefined && ctx.query['force'] !== 'false'
    refuseRemoval(host, fleet, force)
    if (host.condition === 'failed' || force) await forgetHost(store, host.id)
    else await wishHostRemoved(store, host.id)
    ctx.status = 202
    ctx.body = await look(host.id)
  })

  async function refuseHomeless(fleet: Fleet, host: HostView): Promise<void> {
    const nowhere = `The dynos of ${host.name} have nowhere to go`
    if (!hasOtherHost(fleet.hosts, host.id)) {
      throw new PlatformError('conflict', `${nowhere}: no other host takes new dynos`, {
        hint: 'Add a host first: `paas hosts:add`',
      })
    }
    const homeless = findHomeless(fleet, host.id)
    if (homeless.length === 0) return
    const names = await nameDynos(
      store,
      homeless.map(({ dynoId }) => dynoId),
    )
    const lines = homeless.slice(0, NAMED_DYNOS).map(({ dynoId, reason }) => {
      const found = names.get(dynoId)
      return `${found ? `${found.dyno} of ${found.app}` : 'a dyno'}: ${reason}`
    })
    const more = homeless.length > lines.length ? [`and ${homeless.length - lines.length} more`] : []
    throw new PlatformError(
      'conflict',
      `${homeless.length} of ${nowhere.replace(/^T/, 't')}:\n${[...lines, ...more].join('\n')}`,
      {
        hint: 'Add a host (`paas hosts:add`), or scale these down first.',
      },
    )
  }

  /** As its row is now. */
  async function look(id: string) {
    const fleet = await readFleet(store, settings.memoryOvercommit)
    const view = fleet.views.find((one) => one.id === id)
    return view ? present(view, fleet) : {}
  }

  async function present(view: HostView, { index }: Fleet) {
    const { wanted } = index.hostUse(view.id)
    const cert = await readHostCertificate(store, view.id)
    const ca = authority.certificate()
    return {
      id: view.id,
      name: view.name,
      local: view.local,
      state: stateOf(view),
      condition: view.condition,
      condition_since: view.conditionSince,
      reason: view.reason ?? view.nodeTrouble,
      node_trouble: view.nodeTrouble,
      strangers: view.strangers,
      labels: view.labels,
      zone: view.labels['zone'] ?? null,
      cordoned: view.cordoned,
      draining: view.draining,
      dynos: view.dynos,
      memory: { wanted: wanted.memoryMiB, used: view.memoryUsedMiB, total: view.memoryMiB },
      cpus: { wanted: wanted.cpuShares / SHARES_PER_CPU, used: view.cpusUsed, total: view.cpus },
      disk: { free: view.diskFree, total: view.diskTotal },
      engine_version: view.engineVersion,
      engine_url: view.engineUrl,
      app_subnet: view.local ? null : appSubnetOf(settings.hostSubnets, view.number),
      certificates: {
        client: cert ? presentCertificate(lifeOf(cert, ca), view.renewals.client) : null,
        server: view.serverCertificate ? presentCertificate(view.serverCertificate, view.renewals.server) : null,
      },
      authority_expires_at: view.local ? new X509Certificate(ca).validToDate : null,
      last_seen: view.lastSeen,
      distrust_until: view.distrustUntil,
      steps: view.steps,
      created_at: view.createdAt,
    }
  }
}

/** A failure of before the certificate was replaced in another way is none any more. */
function presentCertificate(life: CertificateLife, last: LastRenewal | undefined) {
  const told = last && (last.failures === 0 || isDue(life, Date.now())) ? last : undefined
  return {
    expires_at: new Date(life.notAfterMs),
    renewed_by: life.ours ? ('platform' as const) : ('admin' as const),
    last_renewal: told ? { at: new Date(told.atMs), failures: told.failures, reason: told.reason } : null,
  }
}

/** Throws `not_found`. */
function hostOf(ctx: Context, views: readonly HostView[]): HostView {
  const ref = param(ctx, 'name')
  const host = views.find(({ name, id }) => name === ref || id === ref)
  if (!host) throw new PlatformError('not_found', `No host named ${ref}`, { hint: '`paas hosts` lists them.' })
  return host
}

function refuseRemoval(host: HostView, { hosts }: Fleet, force: boolean): void {
  const { name, condition, dynos } = host
  if (host.local) throw new PlatformError('conflict', `${name} is the platform's own machine and cannot be removed`)
  if (condition === 'failed') return
  if (force && condition !== 'lost') {
    throw new PlatformError('conflict', `${name} is ${condition}, not lost`, {
      hint: `Without --force it leaves in order: \`paas hosts:drain ${name}\` first.`,
    })
  }
  if (condition !== 'joining' && !hasOtherHost(hosts, host.id)) {
    throw new PlatformError('conflict', `${name} is the last host that takes dynos`, {
      hint: 'Add another, or uncordon one, first.',
    })
  }
  if (!force && dynos > 0) {
    const hint =
      condition === 'lost' ? 'When the machine is gone for good: --force.' : `Drain it first: \`paas hosts:drain ${name}\``
    throw new PlatformError('conflict', `${dynos === 1 ? 'A dyno is' : `${dynos} dynos are`} on ${name}`, { hint })
  }
}

/** One word for people: what is wrong with it comes before what was asked of it. */
function stateOf({ condition, removeWanted, draining, cordoned, nodeTrouble }: HostView): string {
  if (removeWanted) return 'removing'
  if (condition !== 'up') return condition
  if (draining) return 'draining'
  return cordoned || nodeTrouble !== null ? 'cordoned' : 'up'
}
