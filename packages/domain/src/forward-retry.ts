// What a failure at a dyno means: which code, whether the dyno is set aside for
// a while, and whether another attempt is safe.
//
// Safe is: nothing reached the dyno (the connect failed); or a kept connection
// was closed under an idempotent request without a body before a byte of the
// answer came, which is how a server closes an idle connection that we were
// about to use (RFC 9112 section 9.3.1); or the dyno's host is lost under a GET
// or HEAD, which nobody can answer there any more.
import type { RouterCode } from './router-codes.ts'

export interface ConnectVerdict {
  code: RouterCode
  quarantine: 'refused' | 'slow' | undefined
  /** Nothing was sent: another dyno may be asked. */
  retry: boolean
}

export interface AttemptFailure {
  /** Node's `err.code`. */
  errorCode: string | undefined
  /** The connection had carried a request before. */
  reused: boolean
  /** The request has a body, sent or not. */
  hasBody: boolean
  /** At least one byte of the request's body was handed over. */
  bodySent: boolean
  method: string
  /** The dyno's host is lost. */
  lost: boolean
  /** How often this request has been sent again already. */
  resent: number
}

export interface AttemptVerdict {
  code: RouterCode
  /** `other`: another dyno. `same`: any dyno, this one included, on a new connection. */
  retry: 'other' | 'same' | undefined
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

/** Sent again without a sign that the dyno never saw it: only what is read, never what may change something. */
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** A kept connection may be closed twice in a row, by a dyno that goes through a restart. */
const MAX_STALE_RESENDS = 2

/** Out of file descriptors, ports or memory: our own limits, no fault of the dyno. */
const OUR_LIMITS: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'])

/** The verdict on a connect that failed, by Node's `err.code`. */
export function judgeConnect(errorCode = ''): ConnectVerdict {
  if (OUR_LIMITS.has(errorCode)) return { code: 'H22', quarantine: undefined, retry: false }
  if (errorCode === 'ECONNREFUSED' || errorCode === 'ECONNRESET') return { code: 'H21', quarantine: 'refused', retry: true }
  return { code: 'H19', quarantine: 'slow', retry: true }
}

/** The verdict on an attempt that failed before the head of an answer was read. */
export function judgeFailure(failure: AttemptFailure): AttemptVerdict {
  const { errorCode = '', reused, hasBody, bodySent, method, lost, resent } = failure
  if (errorCode === 'HPE_HEADER_OVERFLOW') return { code: 'H25', retry: undefined }
  if (errorCode.startsWith('HPE_')) return { code: 'H17', retry: undefined }
  if (lost) return { code: 'H13', retry: !hasBody && READING.has(method) && resent === 0 ? 'other' : undefined }
  const stale = reused && !bodySent && IDEMPOTENT.has(method) && resent < MAX_STALE_RESENDS
  return { code: 'H13', retry: stale ? 'same' : undefined }
}
