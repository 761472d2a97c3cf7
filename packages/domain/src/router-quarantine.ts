// What this router thinks of a dyno after a connect: suspected when one is late
// and nothing else is heard of it either, set aside when one has failed, and
// cleared of everything by the first that succeeds.
//
// A dyno with more to do than it can lets its queue fill up, and connects are
// late; but it answers what it has taken. Suspecting it would leave its work to
// the others, which then fill up too.
//
// A quarantine that has run out is not yet a pardon. The next request finds out
// on a connection of its own while the others still stay away: when the dyno is
// gone for good, one of them waits and not all.
import type { LiveDyno } from './router-table.ts'

/** `refused`: said no. `slow`: said nothing for the whole connect time. `suspected`: has said nothing yet. */
export type Quarantine = 'refused' | 'slow' | 'suspected'

/** A connect has failed: no requests before `until` (monotonic ms). */
export function setAside(dyno: LiveDyno, why: 'refused' | 'slow', until: number): void {
  dyno.quarantine = why
  dyno.quarantinedUntil = until
}

/** A connect is late. Takes nothing back from what is known, and is nothing against a dyno that was heard after `since`. */
export function suspect(dyno: LiveDyno, since: number, now: number, until: number): void {
  if (dyno.heardAt >= since || (dyno.quarantine === 'slow' && dyno.quarantinedUntil > now)) return
  dyno.quarantine = 'suspected'
  dyno.quarantinedUntil = until
}

/** It accepted a connection. */
export function accepted(dyno: LiveDyno, now: number): void {
  dyno.heardAt = now
  dyno.quarantine = undefined
  dyno.quarantinedUntil = 0
}

/** It began an answer: it lives, but whether it accepts is still open if that has failed. */
export function answered(dyno: LiveDyno, now: number): void {
  if (dyno.quarantine === 'suspected') accepted(dyno, now)
  else dyno.heardAt = now
}

/** Whether its kept connections can be believed to lead anywhere: a host that vanished does not close them. */
export function isTrusted({ quarantine }: LiveDyno): boolean {
  return quarantine === undefined
}
