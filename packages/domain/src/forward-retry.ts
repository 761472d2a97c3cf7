// What a failed attempt at a dyno means: which code, whether the dyno is set
// aside for a while, and whether another attempt is safe.
//
// Safe is: nothing reached the dyno (the connect failed), or a kept connection
// was closed under an idempotent request without a body before a byte of the
// answer came, which is how a server closes an idle connection that we were
// about to use (RFC 9112 section 9.3.1).
import type { RouterCode } from './router-codes.ts'

export interface AttemptFailure {
  /** Node's `err.code`. */
  errorCode: string | undefined
  /** The connection stood. */
  connected: boolean
  /** It had carried a request before. */
  reused: boolean
  /** At least one byte of the request's body was handed over. */
  bodySent: boolean
  method: string
}

export interface Verdict {
  code: RouterCode
  quarantine: 'refused' | 'slow' | undefined
  /** `other`: another dyno. `same`: any dyno, this one included, on a new connection. */
  retry: 'other' | 'same' | undefined
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])

/** Out of file descriptors, ports or memory: our own limits, no fault of the dyno. */
const OUR_LIMITS: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'])

/** The verdict on an attempt that failed before the head of an answer was read. */
export function judgeFailure({ errorCode = '', connected, reused, bodySent, method }: AttemptFailure): Verdict {
  if (!connected) {
    if (OUR_LIMITS.has(errorCode)) return { code: 'H22', quarantine: undefined, retry: undefined }
    if (errorCode === 'ECONNREFUSED' || errorCode === 'ECONNRESET') return { code: 'H21', quarantine: 'refused', retry: 'other' }
    return { code: 'H19', quarantine: 'slow', retry: 'other' }
  }
  if (errorCode === 'HPE_HEADER_OVERFLOW') return { code: 'H25', quarantine: undefined, retry: undefined }
  if (errorCode.startsWith('HPE_')) return { code: 'H17', quarantine: undefined, retry: undefined }
  const stale = reused && !bodySent && IDEMPOTENT.has(method)
  return { code: 'H13', quarantine: undefined, retry: stale ? 'same' : undefined }
}
