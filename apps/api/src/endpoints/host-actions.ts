// What an admin does over all hosts at once (rebalance), and for a machine
// that is no host yet (sign).
import { isIP } from 'node:net'
import type { Settings } from '@paas/contract/settings'
import { planRebalance } from '@paas/domain/placement-rebalance'
import { isOneOff } from '@paas/domain/world'
import { nameDynos, wishRestarted } from '@paas/store/placements'
import type { Store } from '@paas/store/store'
import { z } from 'zod'
import { readFleet } from '../fleet.ts'
import type { HostAuthority } from '../host-authority.ts'
import { type ApiRouter, adminOnly, bodyOf } from '../request.ts'

const Rebalance = z.object({ plan: z.boolean() })
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i
const Sign = z.object({
  csr: z.string().min(1).max(20_000),
  address: z.string().refine((text) => isIP(text) > 0 || HOST_NAME.test(text), 'is neither an IP address nor a name'),
})

export interface HostActionDeps {
  store: Store
  settings: Pick<Settings, 'memoryOvercommit' | 'engineKind'>
  authority: HostAuthority
}

export function hostActionEndpoints(router: ApiRouter, { store, settings, authority }: HostActionDeps): void {
  // Moves are made by restarts: the new dyno starts beside the old one, where placement wants it.
  router.post('/hosts/actions/rebalance', async (ctx) => {
    adminOnly(ctx)
    const { plan } = bodyOf(ctx, Rebalance)
    const { views, hosts, dynos, wishOf } = await readFleet(store, settings.memoryOvercommit)
    const moves = planRebalance(
      hosts,
      dynos.filter((dyno) => !isOneOff(dyno)),
      wishOf,
    )
    const names = await nameDynos(
      store,
      moves.map(({ dynoId }) => dynoId),
    )
    if (!plan) {
      const ofApp = Map.groupBy(moves, ({ dynoId }) => names.get(dynoId)?.appId)
      for (const [appId, own] of ofApp)
        if (appId)
          await wishRestarted(
            store,
            appId,
            own.map(({ dynoId }) => dynoId),
          )
    }
    const hostName = (hostId: string) => views.find(({ id }) => id === hostId)?.name ?? hostId
    ctx.status = plan ? 200 : 202
    ctx.body = moves.flatMap(({ dynoId, from, to }) => {
      const named = names.get(dynoId)
      return named ? [{ app: named.app, dyno: named.dyno, from: hostName(from), to: hostName(to) }] : []
    })
  })

  router.post('/hosts/actions/sign', async (ctx) => {
    adminOnly(ctx)
    const { ca, cert } = await authority.signServer(bodyOf(ctx, Sign))
    ctx.body = { ca, cert, engine: settings.engineKind }
  })
}
