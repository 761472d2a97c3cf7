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
