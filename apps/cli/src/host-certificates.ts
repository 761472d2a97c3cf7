// What is wrong with the certificates between the platform and the engine of a
// host. Those that the platform issued it renews by itself, months ahead; of
// others, and of what it tried in vain, an admin has to hear in time.
import type { Finding } from './host-findings.ts'
import type { Host, HostCertificate } from './objects.ts'
import { formatTime } from './terminal.ts'

const DAY_MS = 86_400_000
const WARN_MS = 30 * DAY_MS
/** Another authority means that every host is added anew. */
const AUTHORITY_WARN_MS = 365 * DAY_MS

export function certificatesOf({ name, certificates: { client, server }, authority_expires_at }: Host, nowMs: number): Finding[] {
  return [
    ...findingOf('our certificate for its engine', client, todoOfClient(name), nowMs),
    ...findingOf('the certificate of its engine', server, todoOfServer(name), nowMs),
    ...findingOfAuthority(authority_expires_at, nowMs),
  ]
}

/** `until 2027-01-02 10:00:00, renewed by the platform, last at 2026-…` */
export function describeCertificate(certificate: HostCertificate | null): string | null {
  if (!certificate) return null
  const { expires_at, renewed_by, last_renewal: last } = certificate
  const who = renewed_by === 'platform' ? 'renewed by the platform' : 'not issued by the platform'
  const facts = [`until ${formatTime(expires_at)}`, who]
  if (last)
    facts.push(last.reason === null ? `last at ${formatTime(last.at)}` : `failed at ${formatTime(last.at)}: ${last.reason}`)
  return facts.join(', ')
}

interface Todo {
  /** When another authority has issued it. */
  foreign: string
  /** When the platform could not renew it. */
  failed: string
}

const todoOfClient = (name: string): Todo => ({
  foreign: `Have its authority issue a new one, then \`paas hosts:credentials ${name} --cert-path DIR\`.`,
  failed: `It is tried again by itself. One that has expired: \`paas hosts:credentials ${name} --cert-path DIR\` takes another.`,
})
const todoOfServer = (name: string): Todo => ({
  foreign: 'Have its authority issue a new one, put it in place there, and restart Docker there.',
  failed: `It is tried again by itself. Or drain ${name}, \`paas hosts:remove ${name}\`, and \`paas hosts:add ${name} --ssh\` again.`,
})

function findingOf(what: string, certificate: HostCertificate | null, todo: Todo, nowMs: number): Finding[] {
  if (!certificate) return []
  const { expires_at, renewed_by, last_renewal: last } = certificate
  const leftMs = Date.parse(expires_at) - nowMs
  const when = leftMs <= 0 ? `expired at ${formatTime(expires_at)}` : `expires in ${Math.floor(leftMs / DAY_MS)} days`
  if (last?.reason) {
    const times = last.failures === 1 ? '' : `, ${last.failures} times in a row`
    return [{ level: 'wrong', what: `${what} ${when} and could not be renewed${times}: ${last.reason}`, todo: todo.failed }]
  }
  if (leftMs >= WARN_MS) return []
  return [{ level: 'wrong', what: `${what} ${when}`, todo: renewed_by === 'platform' ? todo.failed : todo.foreign }]
}

function findingOfAuthority(end: string | null, nowMs: number): Finding[] {
  if (end === null || Date.parse(end) - nowMs >= AUTHORITY_WARN_MS) return []
  return [
    {
      level: 'wrong',
      what: `the platform's own authority ends at ${formatTime(end)}, and every certificate that it has issued with it`,
      todo: 'It cannot be renewed, only replaced: docs/design/092-certificates.md says how.',
    },
  ]
}
