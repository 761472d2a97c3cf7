// The API's objects, as far as the CLI reads them (Heroku's Platform API v3
// schema). `--json` prints what came, these fields and all others.

export interface App {
  id: string
  name: string
  git_url: string
  web_url: string | null
  maintenance: boolean
  created_at: string
  repo_size: number | null
  slug_size: number | null
  owner: { email: string }
  stack: { name: string }
}

export interface Dyno {
  name: string
  type: string
  state: string
  size: string
  command: string
  created_at: string
  updated_at: string
  release: { version: number }
  attach_url?: string | null
  /** Why it is in this state, for people; an addition of ours. */
  reason?: string | null
  /** A crashed dyno is started again then; an addition of ours. */
  retry_at?: string | null
}

/** An addition of ours. */
export interface Exec {
  id: string
  dyno: { name: string }
  attach_url: string
}

export interface Formation {
  type: string
  quantity: number
  size: string
  command: string
}

export interface Release {
  id: string
  version: number
  status: 'pending' | 'succeeded' | 'failed' | string
  description: string
  created_at: string
  current?: boolean
  eligible_for_rollback?: boolean
  user: { email: string } | null
  slug?: { id: string } | null
  output_stream_url?: string | null
  addon_plan_names?: string[]
  /** Why it failed; an addition of ours. */
  failure?: { code?: string; message?: string } | null
}

export interface Build {
  id: string
  status: 'pending' | 'succeeded' | 'failed' | string
  created_at: string
  updated_at: string
  buildpacks?: { url: string }[] | null
  output_stream_url?: string | null
  release: { id: string } | null
  source_blob?: { version?: string | null; commit?: string | null } | null
  user: { email: string } | null
  stack?: string
  failure?: { code?: string; message?: string } | null
}

export interface Domain {
  id: string
  hostname: string
  kind: 'heroku' | 'custom' | string
  cname: string | null
  status: string
}

export interface Installation {
  ordinal: number
  buildpack: { url: string; name?: string }
}

export type ConfigVars = Record<string, string>

/** A machine with an engine; an addition of ours, for admins. */
export interface Host {
  name: string
  local: boolean
  /** `condition`, or what was asked of a host that is up: `draining`, `cordoned`, `removing`. */
  state: string
  condition: 'joining' | 'up' | 'sick' | 'lost' | 'failed' | string
  condition_since: string
  reason: string | null
  labels: Record<string, string>
  zone: string | null
  cordoned: boolean
  draining: boolean
  dynos: number
  /** MB: promised to dynos, in use by the whole machine, there. */
  memory: { wanted: number; used: number | null; total: number | null }
  /** Cores, likewise. */
  cpus: { wanted: number; used: number | null; total: number | null }
  /** Bytes. */
  disk: { free: number | null; total: number | null }
  engine_version: string | null
  engine_url: string
  /** By which we (`client`) and its engine (`server`) know each other; null: there is none, or it was not seen yet. */
  certificates: { client: HostCertificate | null; server: HostCertificate | null }
  /** Of the platform's own authority, on the platform's own machine only. */
  authority_expires_at: string | null
  last_seen: string | null
  distrust_until: string | null
  /** In a swarm: why it starts nothing there. */
  node_trouble: string | null
  /** Of the platform's own machine: nodes of its swarm that are no hosts. */
  strangers: string[]
  steps: { name: string; state: 'running' | 'done' | 'failed'; detail: string }[]
  created_at: string
}

export interface HostCertificate {
  expires_at: string
  /** `admin`: another authority has issued it. */
  renewed_by: 'platform' | 'admin' | string
  /** `failures` in a row; 0 and no reason: it was renewed. */
  last_renewal: { at: string; failures: number; reason: string | null } | null
}

export interface Move {
  app: string
  dyno: string
  from: string
  to: string
}

export interface Place {
  type: string
  on: Record<string, string>
  strategy: 'spread' | 'pack' | string
  singleton: boolean
}

export interface Explanation {
  dyno: string
  state: string
  placed: boolean
  explanation: string[]
  /** For admins only. */
  host: string | null
  hosts: {
    name: string
    verdict: 'chosen' | 'possible' | 'filtered' | string
    against: string[]
    peers_on_host: number
    memory_promised: number
  }[]
}
