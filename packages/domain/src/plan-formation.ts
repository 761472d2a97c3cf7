// The formation: each place (`web.1`, `web.2`, …) holds one dyno of the
// current release, in the wanted size, that nobody wishes to be restarted.
//
// For web a successor is up before the one before it leaves. Other types stop
// first: two schedulers or two workers of one singleton at the same time do
// damage that a gap does not.
import type { FormationEntry } from './formation.ts'
import { isHeld, leave } from './plan-leaving.ts'
import type { Step } from './plan-step.ts'
import { isTakenByUnknown } from './plan-unknown.ts'
import { type AppWorld, isLeaving, isLive, isOneOff, type WorldDyno, type WorldRelease } from './world.ts'

export function planFormationTypes(world: AppWorld, nowMs: number): Step[] {
  const booting = world.pending[0]?.id
  const dynos = world.dynos.filter((dyno) => !isOneOff(dyno) && dyno.releaseId !== booting)
  const { current } = world
  // A release that failed never served: what it started leaves at once.
  const failed = dynos.filter((dyno) => !current || dyno.version > current.version)
  const types = new Set([...dynos.map(({ type }) => type), ...world.formation.map(({ type }) => type)])
  return [
    ...failed.filter(isLive).flatMap((dyno) => leave(world, dyno)),
    ...(current
      ? [...types].flatMap((type) => {
          const rows = dynos.filter((dyno) => dyno.type === type && dyno.version <= current.version)
          return planType(world, current, wantedOf(world, current, type), rows, nowMs)
        })
      : []),
  ]
}

/** What of a type is wanted of this release: nothing, if it does not know the type. */
export function wantedOf({ formation }: Pick<AppWorld, 'formation'>, release: WorldRelease, type: string): FormationEntry {
  const entry = formation.find((wanted) => wanted.type === type)
  if (!entry || isOneOff({ type }) || !(type in release.processTypes)) return { type, quantity: 0, size: entry?.size ?? '' }
  return entry
}

interface Place {
  number: number
  /** As wanted, whether it is up yet or not. */
  holder: WorldDyno | undefined
  /** Kept empty by a wish. */
  held: boolean
  others: WorldDyno[]
  /** Somebody of this name is on the way out. */
  leaving: boolean
}

function planType(
  world: AppWorld,
  current: WorldRelease,
  wanted: FormationEntry,
  rows: readonly WorldDyno[],
  nowMs: number,
): Step[] {
  const places = Array.from({ length: wanted.quantity }, (_, index) => placeOf(world, current, wanted, rows, index + 1))
  const extras = rows.filter((dyno) => isLive(dyno) && dyno.number > wanted.quantity)
  const serves = wanted.quantity === 0 || places.some(({ holder }) => holder?.state === 'up') || places.every(({ held }) => held)
  return [
    ...places.flatMap((place) => planPlace(world, current, wanted, place, nowMs)),
    ...extras.filter((dyno) => serves || !isLastServing(dyno)).flatMap((dyno) => leave(world, dyno)),
  ]
}

function placeOf(
  world: AppWorld,
  current: WorldRelease,
  wanted: FormationEntry,
  rows: readonly WorldDyno[],
  number: number,
): Place {
  const inPlace = rows.filter((dyno) => dyno.number === number)
  const live = inPlace.filter(isLive)
  const [holder] = live
    .filter((dyno) => dyno.releaseId === current.id && dyno.wish === null && dyno.size === wanted.size && !dyno.moving)
    .toSorted((a, b) => rank(b) - rank(a) || b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1))
  return {
    number,
    holder,
    held: !holder && inPlace.some((dyno) => isHeld(world, dyno)),
    others: live.filter((dyno) => dyno !== holder),
    // What may still run on a lost host blocks nobody, except where two at once do damage.
    leaving: inPlace.some((dyno) => isLeaving(dyno) && (dyno.reach !== 'lost' || wanted.singleton)),
  }
}

/** Of two that would do, the one that is furthest stays. */
function rank({ state }: WorldDyno): number {
  return state === 'up' ? 2 : state === 'starting' ? 1 : 0
}

function planPlace(world: AppWorld, current: WorldRelease, wanted: FormationEntry, place: Place, nowMs: number): Step[] {
  const { holder, held, others, leaving, number } = place
  const { type, size } = wanted
  const gone = (dyno: WorldDyno) => leave(world, dyno)
  if (held || (type !== 'web' && isTakenByUnknown(world, type, number))) return others.flatMap(gone)
  const add: Step = { kind: 'add-dyno', releaseId: current.id, type, number, size, command: current.processTypes[type] ?? null }
  if (!holder) {
    if (type === 'web') return [add, ...others.filter((dyno) => !isLastServing(dyno)).flatMap(gone)]
    return others.length > 0 || leaving ? others.flatMap(gone) : [add]
  }
  const retry: Step[] =
    holder.state === 'crashed' && (holder.retryAtMs ?? 0) <= nowMs ? [{ kind: 'replace-crashed', dynoId: holder.id }] : []
  return [...retry, ...others.filter((dyno) => holder.state === 'up' || !isLastServing(dyno)).flatMap(gone)]
}

/** One that may be answering right now, so that it has to wait for its successor. */
function isLastServing({ type, state, wish }: WorldDyno): boolean {
  return type === 'web' && state === 'up' && wish !== 'stop'
}
