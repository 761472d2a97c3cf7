// Sessions in running dynos (`ps:exec`): which dyno a name means, and what to
// tell somebody whose session ended without his doing.
import type { WorldDyno } from './world.ts'

/** Of one app at a time: each is a process in a dyno, and holds a connection. */
export const MAX_EXECS = 20

export interface ExecCandidate {
  id: string
  /** `web.1` */
  name: string
  state: WorldDyno['state']
  reason: string | null
  createdAtMs: number
  /** Of its host: false when it is known not to answer. */
  answers: boolean
}

export type ExecChoice =
  | { kind: 'chosen'; id: string; name: string }
  | { kind: 'refused'; code: 'not_found' | 'invalid_params' | 'host_unreachable'; message: string; hint: string }

/** Of several by that name the one that is up, then the one that still is; a dyno that starts is not taken, since its release may fail. */
export function chooseExecDyno(app: string, ref: string, dynos: readonly ExecCandidate[]): ExecChoice {
  const order: readonly WorldDyno['state'][] = ['up', 'draining', 'starting', 'crashed', 'stopping', 'down']
  const [dyno] = dynos
    .filter(({ id, name }) => name === ref || id === ref)
    .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.createdAtMs - a.createdAtMs)
  if (!dyno || dyno.state === 'down') {
    const running = dynos.filter(({ state }) => state === 'up').map(({ name }) => name)
    const hint = running.length > 0 ? `Up are: ${[...new Set(running)].join(', ')}` : 'None of its dynos is up: see `paas ps`.'
    return { kind: 'refused', code: 'not_found', message: `${app} has no dyno ${ref}.`, hint }
  }
  const { id, name, state, reason } = dyno
  if (state !== 'up' && state !== 'draining') {
    const why = reason ? ` (${reason})` : ''
    const [is, hint] = NOT_UP[state]
    return { kind: 'refused', code: 'invalid_params', message: `${name} ${is}${why}.`, hint }
  }
  if (dyno.answers) return { kind: 'chosen', id, name }
  return {
    ...{ kind: 'refused', code: 'host_unreachable', message: `The machine that ${name} runs on does not answer now.` },
    hint: 'If that lasts, the dyno is replaced on another: see `paas ps`.',
  }
}

const NOT_UP: Record<'starting' | 'crashed' | 'stopping', [is: string, hint: string]> = {
  starting: ['is not up yet', '`paas ps:wait` returns when it is; `paas run bash` gives you a dyno of your own meanwhile.'],
  crashed: ['has crashed', '`paas logs` says why; `paas run bash` gives you a dyno of your own to look around.'],
  stopping: ['is being stopped', '`paas ps` shows when another is up in its place.'],
}

/** `ended`: the process did, of itself or with its dyno. `idle`: nothing came or went for too long. `aborted`: by the platform. */
export type SessionEnd = 'ended' | 'idle' | 'aborted'

/** What its dyno's row says. */
export interface ExecDyno {
  name: string
  state: WorldDyno['state']
  wish: 'restart' | 'stop' | null
  reason: string | null
  version: number
  /** Of the newest release that succeeded. */
  liveVersion: number
}

/** In which states a dyno may run and so may what is in it. */
export function mayRun({ state }: Pick<ExecDyno, 'state'>): boolean {
  return state === 'up' || state === 'starting' || state === 'draining'
}

/** Undefined: there is nothing to tell, the command has ended. `dyno` undefined: its row is gone. */
export function tellSessionEnd(how: SessionEnd, dyno: ExecDyno | undefined): string | undefined {
  if (!dyno) return 'The dyno was stopped.'
  const { name, reason } = dyno
  if (!mayRun(dyno)) {
    if (dyno.wish === 'restart') return `${name} was restarted.`
    if (reason) return `${name} has ended: ${reason}.` // a crash, even if it is down already since another took its place
    return dyno.version < dyno.liveVersion ? `${name} was replaced: v${dyno.liveVersion} is live.` : `${name} was stopped.`
  }
  if (how === 'idle') return 'Nothing was sent or printed for an hour.'
  return how === 'aborted' ? 'The platform is being restarted; the dyno goes on.' : undefined
}
