// When certificates are renewed: early enough that weeks of failing do no
// harm, and by whoever's authority has issued them.

export type CertificateUse = 'client' | 'server'

/** What a certificate says of itself. */
export interface CertificateLife {
  /** Issued by the platform's own authority, which can therefore issue the next one. */
  ours: boolean
  /** Ms since the epoch. */
  notBeforeMs: number
  notAfterMs: number
}

/** The two by which a host's engine and the platform know each other. */
export interface HostCertificates {
  /** What we show its engine. */
  client: CertificateLife
  /** What its engine shows us; undefined: not seen yet. */
  server: CertificateLife | undefined
}

/** How the last try went. */
export interface LastRenewal {
  atMs: number
  /** Tries in a row that have failed; 0: it is done. */
  failures: number
  /** For people; null: it is done. */
  reason: string | null
}

/** Of each certificate: the failures of one must neither delay nor forget those of the other. */
export type LastRenewals = { [Use in CertificateUse]?: LastRenewal }

export type RenewalStep =
  | { kind: 'leave' }
  | { kind: 'renew'; certificate: CertificateUse }
  /** Due, and another authority's: whoever has that has to issue the next one. */
  | { kind: 'cannot'; certificates: CertificateUse[] }

const HOUR_MS = 3_600_000
const MAX_RETRY_MS = 24 * HOUR_MS

/** Less than a third of its life is left. */
export function isDue({ notBeforeMs, notAfterMs }: Pick<CertificateLife, 'notBeforeMs' | 'notAfterMs'>, nowMs: number): boolean {
  return (notAfterMs - nowMs) * 3 < notAfterMs - notBeforeMs
}

/**
 * What to do now. Ours before the engine's: it costs nobody anything. Renewing the engine's restarts it, which ends what is attached to
 * its containers (`paas run`), so that this waits (`attached`) until half of the third has gone.
 */
export function planRenewal(
  { client, server }: HostCertificates,
  { last, attached, engineAnswers }: { last: LastRenewals; attached: boolean; engineAnswers: boolean },
  nowMs: number,
): RenewalStep {
  const foreign: CertificateUse[] = []
  if (isDue(client, nowMs)) {
    if (!client.ours) foreign.push('client')
    else if (mayTry(last.client, nowMs)) return { kind: 'renew', certificate: 'client' }
  }
  if (server && isDue(server, nowMs)) {
    const patient = attached && (server.notAfterMs - nowMs) * 6 > server.notAfterMs - server.notBeforeMs
    if (!server.ours) foreign.push('server')
    else if (engineAnswers && !patient && mayTry(last.server, nowMs)) return { kind: 'renew', certificate: 'server' }
  }
  return foreign.length > 0 ? { kind: 'cannot', certificates: foreign } : { kind: 'leave' }
}

/** An hour after the first failure, doubled with each one more, at most a day. An hour also after a success, should that change nothing. */
export function renewalRetryMs(failures: number): number {
  return Math.min(MAX_RETRY_MS, HOUR_MS * 2 ** Math.min(Math.max(failures - 1, 0), 20))
}

function mayTry(last: LastRenewal | undefined, nowMs: number): boolean {
  return !last || nowMs >= last.atMs + renewalRetryMs(last.failures)
}
