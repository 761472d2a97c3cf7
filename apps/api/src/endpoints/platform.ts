// What this platform consists of, in Heroku's terms: one region, one stack,
// the dyno sizes.
import { DYNO_SIZES, type DynoSize } from '@paas/domain/dyno-size'
import { PlatformError } from '@paas/domain/errors'
import { type ApiRouter, found, param } from '../request.ts'
import { stableId } from '../stable-id.ts'

const SINCE = '2026-11-21T00:00:00Z' // of this version of the stack

export const REGION = {
  id: stableId('region:local'),
  name: 'local',
  country: '',
  locale: 'local',
  description: 'This platform',
  private_capable: false,
  provider: { name: 'paas', region: 'local' },
  created_at: SINCE,
  updated_at: SINCE,
}

export const STACK = {
  id: stableId('stack:debian-12'),
  name: 'debian-12',
  default: true,
  state: 'public',
  created_at: SINCE,
  updated_at: SINCE,
}

type Named = string | { id: string } | { name: string }

/** Throws `invalid_params` unless it names the only region there is. */
export function refuseRegion(region: Named): void {
  if (!names(region, REGION)) throw new PlatformError('invalid_params', `There is one region here: ${REGION.name}`)
}

/** Throws `invalid_params` unless it names the only stack there is. */
export function refuseStack(stack: Named): void {
  if (!names(stack, STACK)) throw new PlatformError('invalid_params', `There is one stack here: ${STACK.name}`)
}

export function platformEndpoints(router: ApiRouter): void {
  const sizes = DYNO_SIZES.map(presentSize)
  for (const [path, all] of [
    ['/regions', [REGION]],
    ['/stacks', [STACK]],
    ['/dyno-sizes', sizes],
  ] as const) {
    router.get(path, (ctx) => {
      ctx.body = all
    })
    router.get(`${path}/:name`, (ctx) => {
      const wanted = param(ctx, 'name')
      ctx.body = found(
        all.find(({ id, name }) => wanted === id || wanted.toLowerCase() === name.toLowerCase()),
        path.slice(1, -1),
      )
    })
  }
}

function presentSize({ name, memoryMiB, cpuShares }: DynoSize) {
  return {
    id: stableId(`dyno-size:${name}`),
    name,
    memory: memoryMiB / 1024,
    compute: Math.max(1, Math.round(cpuShares / 512)),
    architecture: null,
    cost: null,
    dedicated: false,
    precise_dyno_units: 0,
    private_space_only: false,
    generation: { id: stableId('generation:cedar'), name: 'cedar' },
  }
}

function names(wanted: Named, thing: { id: string; name: string }): boolean {
  if (typeof wanted === 'string') return wanted === thing.id || wanted === thing.name
  return 'id' in wanted ? wanted.id === thing.id : wanted.name === thing.name
}
