// A dyno's row, release and config vars as what the engine is asked for.
import { DEFAULT_DYNO_SIZE, type DynoSize, findDynoSize } from '@paas/domain/dyno-size'
import { HARD_LIMIT_FACTOR } from '@paas/domain/memory-quota'
import type { DynoSpec } from '@paas/engine/dynos'
import type { DynoOrder } from '@paas/store/dynos'

/** Each dyno has a network of its own to listen in, so all may have one port. */
export const WEB_PORT = 8080

export function dynoSpec(order: DynoOrder, stopGraceMs: number): DynoSpec {
  const { dyno, app, release, slug } = order
  const size = sizeOf(dyno.size)
  return {
    dynoId: dyno.id,
    appId: app.id,
    app: app.name,
    type: dyno.type,
    number: dyno.number,
    release: release.version,
    image: slug.image,
    command: dyno.command,
    env: dynoEnv(order),
    memoryMiB: size.memoryMiB * HARD_LIMIT_FACTOR,
    pids: size.pids,
    cpuShares: size.cpuShares,
    stopGraceMs,
  }
}

export function sizeOf(name: string): DynoSize {
  return findDynoSize(name) ?? findDynoSize(DEFAULT_DYNO_SIZE)!
}

/** Config vars, then a one-off's own, then what describes the dyno, which nobody can set otherwise. */
function dynoEnv({ dyno, app, release, slug, config }: DynoOrder): Record<string, string> {
  return {
    ...config,
    ...dyno.env,
    ...(dyno.type === 'web' && { PORT: String(WEB_PORT) }),
    DYNO: `${dyno.type}.${dyno.number}`,
    HEROKU_APP_NAME: app.name,
    HEROKU_RELEASE_VERSION: `v${release.version}`,
    HEROKU_RELEASE_CREATED_AT: release.createdAt.toISOString(),
    HEROKU_SLUG_COMMIT: slug.commit,
  }
}
