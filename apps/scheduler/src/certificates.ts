// Certificates between the platform and the engines of other hosts, renewed
// before their end: ours, which costs nobody anything, and those of engines,
// which are restarted for it, one at a time, while what runs on them goes on.
//
// Nothing is remembered between two looks but what stands in the rows, so that
// a scheduler that dies in between is followed by one that goes on.
import { type CertificateLife, type CertificateUse, planRenewal } from '@paas/domain/certificate-renewal'
import { PlatformError } from '@paas/domain/errors'
import { tryCredentials } from '@paas/engine/credentials'
import { explainUnreachable } from '@paas/engine/engine-facts'
import { RENEWAL_DEADLINE_MS, readServerCertificate, renewServerCertificate } from '@paas/engine/server-certificate'
import { lifeOf } from '@paas/service/certificate-life'
import { pause } from '@paas/service/wait'
import { changeHost, type HostCredentials, hasAttached, replaceCredentials } from '@paas/store/hosts'
import type { Scheduler } from './deps.ts'
import type { Member } from './fleet.ts'

const EVERY_MS = 60_000

export type CertificateDeps = Pick<Scheduler, 'store' | 'fleet' | 'authority' | 'linkImage' | 'log'>
type RemoteMember = Member & { tls: HostCredentials }

/** Runs until aborted; never rejects. */
export async function watchCertificates(deps: CertificateDeps, signal: AbortSignal): Promise<void> {
  const warn = (err: unknown, host?: string) => {
    deps.log.warn({ host, err }, 'host.certificates_not_read')
    return false
  }
  for (; !signal.aborted; await pause(EVERY_MS, signal)) {
    await deps.fleet.refresh().catch(warn)
    for (const { host } of deps.fleet.all()) {
      for (let again = true; again && !signal.aborted; )
        again = await renewCertificates(deps, host.id, signal).catch((err) => warn(err, host.name))
    }
  }
}

/**
 * One look at one host, and what follows from it; answers whether a certificate was renewed, so that another look is due. What fails is
 * told in its row, and tried again when the decision says so. Rejects when aborted: the machine then goes back to what it had.
 */
async function renewCertificates(deps: CertificateDeps, hostId: string, signal: AbortSignal): Promise<boolean> {
  const { store, fleet, authority, log } = deps
  const member = fleet.get(hostId)
  if (!isRemote(member)) return false
  const { host, tls } = member
  const client = lifeOf(tls.cert, authority.certificate())
  const server = (await lookAtServer(deps, member)) ?? host.serverCertificate ?? undefined
  const now = { last: host.renewals, attached: await hasAttached(store, host.id), engineAnswers: host.condition === 'up' }
  const step = planRenewal({ client, server }, now, Date.now())
  if (step.kind !== 'renew') return false // what another authority has to renew, `hosts:doctor` says
  const { certificate } = step
  try {
    await renewals[certificate](deps, member, signal)
    log.info({ host: host.name, certificate }, 'host.certificate_renewed')
    await note(deps, hostId, certificate, null)
    return true
  } catch (thrown) {
    signal.throwIfAborted()
    const error = explainUnreachable(thrown, new URL(host.engineUrl).host)
    log.warn({ host: host.name, certificate, err: error }, 'host.certificate_not_renewed')
    await note(deps, hostId, certificate, reasonOf(error))
    return false
  }
}

type Renew = (deps: CertificateDeps, member: RemoteMember, signal: AbortSignal) => Promise<void>

const renewals: { [Use in CertificateUse]: Renew } = {
  /** Tried before it is kept. The fleet opens the engine with it at its next look. */
  async client({ store, authority }, { host }) {
    const next = await authority.issueClient()
    await tryCredentials({ dockerHost: host.engineUrl, tls: next })
    await replaceCredentials(store, host.id, next)
  },

  async server({ store, fleet, authority, linkImage }, { host, engine, tls }, signal) {
    const address = new URL(host.engineUrl).hostname.replace(/^\[|\]$/g, '')
    const expectRestart = async (restartUntil: Date | null) => {
      await changeHost(store, host.id, { restartUntil })
      await fleet.refresh()
    }
    try {
      await renewServerCertificate(engine, {
        ...{ dockerHost: host.engineUrl, tls, image: await linkImage(engine), signal },
        sign: async (csr) => (await authority.signServer({ csr, address })).cert,
        onRestart: () => expectRestart(new Date(Date.now() + RENEWAL_DEADLINE_MS)),
      })
    } finally {
      if (!signal.aborted) await expectRestart(null) // else it may still be under way
    }
  },
}

/** Undefined while it cannot be seen. */
async function lookAtServer(
  { store, authority }: CertificateDeps,
  { host, tls }: RemoteMember,
): Promise<CertificateLife | undefined> {
  const shown = await readServerCertificate({ dockerHost: host.engineUrl, tls }).catch(() => undefined)
  if (!shown) return undefined
  const life = lifeOf(shown, authority.certificate())
  const { ours, notBeforeMs, notAfterMs } = host.serverCertificate ?? {}
  if (ours !== life.ours || notBeforeMs !== life.notBeforeMs || notAfterMs !== life.notAfterMs)
    await changeHost(store, host.id, { serverCertificate: life })
  return life
}

/** In the row as it is now: a renewal takes its time. */
async function note(deps: CertificateDeps, hostId: string, certificate: CertificateUse, reason: string | null): Promise<void> {
  const { store, fleet } = deps
  await fleet.refresh()
  const member = fleet.get(hostId)
  if (!isRemote(member)) return
  const { renewals } = member.host
  const failures = reason === null ? 0 : (renewals[certificate]?.failures ?? 0) + 1
  await changeHost(store, hostId, { renewals: { ...renewals, [certificate]: { atMs: Date.now(), failures, reason } } })
  await lookAtServer(deps, member)
}

function isRemote(member: Member | undefined): member is RemoteMember {
  if (!member?.tls || member.host.local || member.host.removeWanted) return false
  return member.host.condition !== 'joining' && member.host.condition !== 'failed'
}

function reasonOf(error: unknown): string {
  if (!(error instanceof PlatformError)) return (error as Error).message
  return [error.message, ...(error.hint ? [error.hint] : [])].join('. ').replace(/\.\. /g, '. ')
}
