// Why a dyno is where it is, or why it waits. Admins read of every host; an
// app's owner reads the same without hosts, which are not theirs to see.
import type { HostVerdict } from '@paas/domain/placement'
import { withoutHosts } from '@paas/domain/placement-public'
import type { PlaceSetting } from '@paas/store/placements'

export interface Explained {
  type: string
  /** Where it is; undefined: it waits, or has ended. */
  hostId: string | undefined
  /** Why it is in its state, as its row says. */
  reason: string | null
  asked: PlaceSetting
  /** Of every host, the best first, as if the dyno were placed now. */
  verdicts: readonly HostVerdict[]
}

/** Sentences, the weightiest first. */
export function explain({ type, hostId, reason, asked, verdicts }: Explained, admin: boolean): string[] {
  const shown = reason === null ? [] : [admin ? reason : withoutHosts(reason)]
  const own = verdicts.find((verdict) => verdict.hostId === hostId)
  if (!own) return shown.length > 0 ? shown : ['it has no place yet']
  const host = admin ? own.name : 'its host'
  const labels = Object.entries(asked.on).map(([key, value]) => `${key}=${value}`)
  const { peersOnHost, memoryShare } = own.score
  const best = verdicts.find(({ verdict }) => verdict === 'chosen')
  return [
    ...shown,
    asked.strategy === 'pack'
      ? `${type} dynos are packed on as few hosts as will do`
      : `${type} dynos are spread over hosts: ${peersOnHost === 0 ? 'no other' : `${peersOnHost} more`} of this app on ${host}`,
    ...(labels.length > 0 ? [`asked for: ${labels.join(', ')}`] : []),
    ...(asked.singleton ? ['it is never more than wanted: while its host is out of reach it is not replaced'] : []),
    ...(admin ? [`${Math.round(memoryShare * 100)} % of what ${host} may promise of its memory is promised to others`] : []),
    ...(admin && own.against.length > 0 ? [`it would not be placed there now: ${host} ${own.against.join(', ')}`] : []),
    ...(admin && best && best !== own
      ? [`placed anew it would go to ${best.name}; nothing moves by itself (\`paas hosts:rebalance\`)`]
      : []),
  ]
}
