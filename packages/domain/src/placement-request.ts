// What placement is asked, of what it decides, and what it answers.
import type { HostCondition, HostResources } from './host.ts'

/** `spread`: a process type over as many hosts as there are, the emptiest first. `pack`: on as few hosts as will do. */
export type PlacementStrategy = 'spread' | 'pack'

export interface PlacementHost {
  id: string
  /** Unique; breaks ties. */
  name: string
  /** Hosts that may fail together; one empty name for all where nobody says. */
  zone: string
  labels: Readonly<Record<string, string>>
  condition: HostCondition
  cordoned: boolean
  /** Back from being lost and not trusted yet (`distrustMs`). */
  distrusted: boolean
  /** Another image would not fit (`isDiskFull`). */
  diskFull: boolean
  /** What may be promised to dynos in all. */
  capacity: HostResources
}

/** Who counts as the same, so that it is spread. */
export interface PeerGroup {
  appId: string
  type: string
  /** Where given, peers are counted among the dynos of one release: those of the one before will leave, and must not unbalance what stays. */
  release?: string | undefined
}

export interface PlacedDyno extends PeerGroup {
  id: string
  /** A host the index does not know counts nowhere. */
  hostId: string
  needs: HostResources
}

export interface PlacementRequest extends PeerGroup {
  needs: HostResources
  /** Labels that the host must have (`ps:place`). */
  on: Readonly<Record<string, string>>
  strategy: PlacementStrategy
  /** Hosts that have it are preferred among equals. */
  image?: string | undefined
  /** Ids of hosts not to use, as of the one that is drained. */
  not?: readonly string[] | undefined
}

/** `reason` and `explanation` are for people; they hold no id but names of hosts. */
export type Placement = { kind: 'placed'; hostId: string; explanation: string[] } | { kind: 'waiting'; reason: string }

/** One of many, which nobody reads about. */
export type BriefPlacement = { kind: 'placed'; hostId: string } | { kind: 'waiting'; reason: string }
