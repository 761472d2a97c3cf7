// What this router thinks of a dyno after a connect: suspected as soon as one
// is late, set aside when one has failed, and cleared of everything by the
// first that succeeds.
//
// A quarantine that has run out is not yet a pardon. The next request finds out
// on a connection of its own while the others still stay away: when the dyno is
// gone for good, one of them waits and not all.
import type { LiveDyno } from './router-table.ts'

/** `refused`: said no. `slow`: said nothing for the whole connect time. `suspected`: has said nothing yet. */
export type Quarantine = 'refused' | 'slow' | 'suspected'

/** No requests before `until` (monotonic ms). A mere suspicion takes nothing back from what is known. */
export function setAside(dyno: LiveDyno, why: Quarantine, now: number, until: number): void {
  if (why === 'suspected' && dyno.quarantine === 'slow' && dyno.quarantinedUntil > now) return
  dyno.quarantine = why
  dyno.quarantinedUntil = until
}

/** A connection to it stands. */
export function clear(dyno: LiveDyno): void {
  dyno.quarantine = undefined
  dyno.quarantinedUntil = 0
}

/** Whether its kept connections can be believed to lead anywhere: a host that vanished does not close them. */
export function isTrusted({ quarantine }: LiveDyno): boolean {
  return quarantine === undefined
}
