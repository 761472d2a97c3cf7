// The config an image carries: what is asked for, merged over the parent's,
// as one text with one order, because the image's id is this text's digest.
//
// https://github.com/moby/docker-image-spec/blob/main/spec.md names the fields.

/** Merged over the parent's: Env and Labels key by key, the others replaced. */
export interface ConfigChange {
  Env?: Record<string, string>
  Labels?: Record<string, string>
  Cmd?: string[]
  Entrypoint?: string[]
  User?: string
  WorkingDir?: string
  StopSignal?: string
}

/** The part of an engine's answer about an image that its children take over. */
export interface ParentConfig {
  Env?: string[] | null
  Labels?: Record<string, string> | null
  Cmd?: string[] | string | null
  Entrypoint?: string[] | string | null
  User?: string
  WorkingDir?: string
  StopSignal?: string
  ExposedPorts?: Record<string, object> | null
  Volumes?: Record<string, object> | null
}

/** Dates every image we make; the real date of an image is when its tag was set. */
const CREATED = '2000-01-01T00:00:00Z'

/** The child's config: parent's fields, changed. Env is sorted by name, so that the order of asking does not matter. */
export function mergeConfig(parent: ParentConfig, change: ConfigChange): ParentConfig {
  const { Env, Labels, ...rest } = change
  const env = new Map((parent.Env ?? []).map((entry) => [entry.slice(0, entry.indexOf('=')), entry]))
  for (const [name, value] of Object.entries(Env ?? {})) env.set(name, `${name}=${value}`)
  const kept: ParentConfig = {}
  for (const key of ['Cmd', 'Entrypoint', 'User', 'WorkingDir', 'StopSignal', 'ExposedPorts', 'Volumes'] as const) {
    if (parent[key]) Object.assign(kept, { [key]: parent[key] })
  }
  return {
    ...kept,
    ...rest,
    Env: [...env.keys()].sort().map((name) => env.get(name) as string),
    Labels: { ...parent.Labels, ...Labels },
  }
}

/** Turns a config and the digests of its layers, lowest first, into the text whose digest is the image's id. */
export type ConfigText = (diffIds: readonly string[]) => string

/** The image's config as a function of its layers, since the last digest is known only after the tar was read. */
export function imageConfig(config: ParentConfig, architecture = engineArchitecture()): ConfigText {
  return (diffIds) =>
    JSON.stringify(
      sorted({
        architecture,
        config,
        created: CREATED,
        history: diffIds.map(() => ({ created: CREATED, created_by: 'paas' })),
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: diffIds },
      }),
    )
}

/** Our hosts are of one architecture: the stack is made on the machine that runs it. */
function engineArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
