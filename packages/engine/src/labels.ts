// Labels: how a container, network, volume or image says whose it is. The
// engine's own memory of our rows' ids, so that what runs can be matched with
// the rows after any process of ours was killed. Names: docs/ARCHITECTURE.md.
import type { Engine } from './client.ts'

export const LABEL = {
  prefix: 'paas.prefix',
  app: 'paas.app',
  dyno: 'paas.dyno',
  name: 'paas.name',
  release: 'paas.release',
  build: 'paas.build',
  /** What a container is when it is no dyno: `build`, `network`. */
  kind: 'paas.kind',
  /** On a dyno: the container whose network it uses. */
  holder: 'paas.network',
} as const

export interface Belongs {
  appId?: string
  /** Id of the dyno's row. */
  dynoId?: string
  /** `web.1` */
  dynoName?: string
  /** Version of the release it runs. */
  release?: number
  buildId?: string
}

/** For whatever we create. */
export function labelsOf({ prefix }: Pick<Engine, 'prefix'>, belongs: Belongs): Record<string, string> {
  const { appId, dynoId, dynoName, release, buildId } = belongs
  return {
    [LABEL.prefix]: prefix,
    ...(appId && { [LABEL.app]: appId }),
    ...(dynoId && { [LABEL.dyno]: dynoId }),
    ...(dynoName && { [LABEL.name]: dynoName }),
    ...(release !== undefined && { [LABEL.release]: String(release) }),
    ...(buildId && { [LABEL.build]: buildId }),
  }
}

/** Back from labels; what is not said is left out. */
export function belongsOf(labels: Record<string, string | undefined>): Belongs {
  const release = Number(labels[LABEL.release])
  return {
    ...(labels[LABEL.app] && { appId: labels[LABEL.app]! }),
    ...(labels[LABEL.dyno] && { dynoId: labels[LABEL.dyno]! }),
    ...(labels[LABEL.name] && { dynoName: labels[LABEL.name]! }),
    ...(labels[LABEL.release] && Number.isInteger(release) && { release }),
    ...(labels[LABEL.build] && { buildId: labels[LABEL.build]! }),
  }
}

/** A filter of the engine's list and event calls: ours, and all of these. */
export function labelFilter({ prefix }: Pick<Engine, 'prefix'>, belongs: Belongs = {}): string[] {
  return Object.entries(labelsOf({ prefix }, belongs)).map(([label, value]) => `${label}=${value}`)
}
