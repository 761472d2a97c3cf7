// Where a process type's dynos may run, as the app's owner asks for it, and why
// a dyno is where it is.
import type { Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { MAX_LABELS, refuseLabel } from '@paas/domain/host-name'
import type { LogWriter } from '@paas/logs/types'
import type { App } from '@paas/store/apps'
import { listDynos } from '@paas/store/dynos-api'
import { listFormations } from '@paas/store/formations'
import { changePlaceSetting, findDynoHost, findPlaceSetting, type PlaceSetting } from '@paas/store/placements'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { explain } from '../explanation.ts'
import { needsOf, readFleet } from '../fleet.ts'
import { announce } from '../platform-lines.ts'
import { type ApiRouter, appOf, bodyOf, type Context, found, param } from '../request.ts'

const Place = z.object({
  on: z.record(z.string().max(100), z.string().max(100)).optional(),
  strategy: z.enum(['spread', 'pack'], 'is `spread` or `pack`').optional(),
  singleton: z.boolean().optional(),
})
const ANYWHERE: PlaceSetting = { on: {}, strategy: 'spread', singleton: false }

export interface PlacementDeps {
  store: Store
  logs: { writer: LogWriter }
  settings: Pick<Settings, 'memoryOvercommit'>
}

export function placementEndpoints(router: ApiRouter, { store, logs, settings }: PlacementDeps): void {
  router.get('/apps/:app/formation/:type/place', async (ctx) => {
    const app = await appOf(ctx, store)
    const type = await typeOf(ctx, app)
    ctx.body = { type, ...((await findPlaceSetting(store, app.id, type)) ?? ANYWHERE) }
  })

  router.patch('/apps/:app/formation/:type/place', async (ctx) => {
    const app = await appOf(ctx, store)
    const wanted = bodyOf(ctx, Place)
    refuseLabels(wanted.on ?? {})
    const type = await typeOf(ctx, app)
    const setting = await changePlaceSetting(store, app.id, type, wanted)
    announce(logs.writer, app.id, `Place of ${type} set to ${inWords(setting)} by user ${ctx.state.user.email}`)
    ctx.body = { type, ...setting }
  })

  router.get('/apps/:app/dynos/:dyno/explanation', async (ctx) => {
    const app = await appOf(ctx, store)
    const { admin } = ctx.state.user
    const ref = param(ctx, 'dyno')
    const all = await listDynos(store, app.id)
    const { id, name, type, size, state, reason } = found(
      all.find((dyno) => dyno.name === ref || dyno.id === ref),
      'dyno',
    )
    const hostId = (await findDynoHost(store, { appId: app.id, id }))?.hostId ?? undefined
    const asked = (await findPlaceSetting(store, app.id, type)) ?? ANYWHERE
    const { hosts, index } = await readFleet(store, settings.memoryOvercommit)
    index.remove(id) // as if it were placed now
    const verdicts = index.explain({ appId: app.id, type, needs: needsOf(size), on: asked.on, strategy: asked.strategy })
    ctx.body = {
      ...{ dyno: name, state, asked },
      placed: hostId !== undefined,
      explanation: explain({ type, hostId, reason, asked, verdicts }, admin),
      host: admin ? (hosts.find((host) => host.id === hostId)?.name ?? null) : null,
      hosts: admin
        ? verdicts.map(({ name, verdict, against, score }) => ({ name, verdict, against, ...presentScore(score) }))
        : [],
    }
  })

  async function typeOf(ctx: Context, app: App): Promise<string> {
    const wanted = param(ctx, 'type')
    const all = await listFormations(store, app.id)
    return found(all.find(({ type, id }) => type === wanted || id === wanted)?.type, 'process type')
  }
}

function refuseLabels(on: Record<string, string>): void {
  for (const [key, value] of Object.entries(on)) {
    const refusal = refuseLabel(key, value)
    if (refusal) throw new PlatformError('invalid_params', refusal)
  }
  if (Object.keys(on).length > MAX_LABELS) throw new PlatformError('invalid_params', `A host has at most ${MAX_LABELS} labels`)
}

function presentScore({
  peersOnHost,
  peersInZone,
  memoryShare,
}: {
  peersOnHost: number
  peersInZone: number
  memoryShare: number
}) {
  return { peers_on_host: peersOnHost, peers_in_zone: peersInZone, memory_promised: Number(memoryShare.toFixed(3)) }
}

/** `spread on disk=ssd, singleton` */
function inWords({ on, strategy, singleton }: PlaceSetting): string {
  const labels = Object.entries(on).map(([key, value]) => `${key}=${value}`)
  return `${strategy}${labels.length > 0 ? ` on ${labels.join(' and ')}` : ''}${singleton ? ', singleton' : ''}`
}
