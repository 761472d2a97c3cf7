// Following what the scheduler does with a host, by asking again and again. The
// platform being restarted meanwhile ends nothing: the scheduler goes on where
// it was.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, isPassing, path } from './api.ts'
import type { Context } from './context.ts'
import { Failure } from './failure.ts'
import type { Host } from './objects.ts'

const LOOK_MS = 300
/** How long the API may be away while we follow. */
const ABSENCE_MS = 60_000

/** Prints each step of joining once, and resolves when the host is up. Throws its reason when it could not join. */
export async function followJoining(context: Context, name: string): Promise<Host> {
  let told = 0
  let open = false
  for await (const host of looks(context.api, name)) {
    if (!host) throw new Failure(`${name} was removed while it was joining.`)
    for (const { name: title, state, detail } of host.steps.slice(told)) {
      if (!open) context.stderr.write(`${title}... `)
      open = state === 'running'
      if (open) break
      context.stderr.write(state === 'done' ? `done${detail ? `, ${detail}` : ''}\n` : `${context.noteStyle.red('failed')}\n`)
      told += 1
    }
    if (host.condition === 'joining') continue
    if (open) context.stderr.write('\n')
    if (host.condition !== 'failed') return host
    throw new Failure(`${name} could not be added: ${host.reason ?? 'it does not say why'}`, {
      hint: `Repair that and add it again. \`paas hosts:remove ${name}\` takes it off the list.`,
    })
  }
  throw new Failure(`${name} was not followed to its end.`)
}

/** Prints how many dynos have moved whenever it changes, until none is left. False: the signal came first. */
export async function followDraining(context: Context, name: string, total: number, signal: AbortSignal): Promise<boolean> {
  let shown = -1
  for await (const host of looks(context.api, name, signal)) {
    if (!host) return true
    if (!host.draining) throw new Failure(`${name} is not being drained any more: ${host.dynos} dynos are on it.`)
    const moved = Math.max(0, total - host.dynos)
    if (moved !== shown) context.note(`${moved} of ${total} ${total === 1 ? 'dyno' : 'dynos'} moved`)
    shown = moved
    if (host.dynos === 0) return true
  }
  return false
}

/** Resolves when the host's row is gone. */
export async function followRemoval(api: Api, name: string): Promise<void> {
  for await (const host of looks(api, name)) {
    if (!host) return
    if (host.state !== 'removing') throw new Failure(`${name} is ${host.state} and is not being removed any more.`)
  }
}

/** The host as it is now, and again a moment later; undefined when there is none of the name. Ends with the signal. */
async function* looks(api: Api, name: string, signal?: AbortSignal): AsyncGenerator<Host | undefined> {
  for (let heardAt = Date.now(); !signal?.aborted; ) {
    try {
      yield await api.get<Host>(path`/hosts/${name}`)
      heardAt = Date.now()
    } catch (err) {
      if (err instanceof Failure && err.status === 404) yield undefined
      else if (!isAway(err) || Date.now() - heardAt > ABSENCE_MS) throw err
    }
    await sleep(LOOK_MS, undefined, signal ? { signal } : {}).catch(() => {})
  }
}

function isAway(err: unknown): boolean {
  return isPassing(err) || (err instanceof Failure && err.id === 'ECONNREFUSED')
}
