// How `paas ps` shows dynos: one heading per process type, one line per dyno.
import type { Dyno, Formation } from './objects.ts'
import { formatAgo, formatTime, type Style } from './terminal.ts'

/** Lines for all dynos and for types that want some and have none; empty when there is nothing to say. */
export function formatDynos(dynos: readonly Dyno[], formation: readonly Formation[], nowMs: number, style: Style): string[] {
  const waiting = formation.filter(({ type, quantity }) => quantity > 0 && !dynos.some((dyno) => dyno.type === type))
  const types = [...new Set([...dynos.map(({ type }) => type), ...waiting.map(({ type }) => type)])].toSorted(byType)
  return types.flatMap((type, i) => {
    const own = dynos.filter((dyno) => dyno.type === type).toSorted(byNumber)
    const wanted = formation.find((one) => one.type === type)
    const { size, command } = own[0] ?? wanted!
    const heading =
      type === 'run' ? '=== run: one-off dynos' : `=== ${type} (${size})${command ? `: ${command}` : ''} (${own.length})`
    const lines = own.map((dyno) => formatDyno(dyno, nowMs, style))
    const missing = own.length === 0 && wanted ? [`${type}: waiting for ${wanted.quantity} to start`] : []
    return [...(i === 0 ? [] : ['']), style.bold(heading), '', ...lines, ...missing]
  })
}

export function formatDyno(dyno: Dyno, nowMs: number, style: Style): string {
  const since = `${formatTime(dyno.updated_at)} (${formatAgo(dyno.updated_at, nowMs)})`
  const size = dyno.type === 'run' ? ` (${dyno.size})` : ''
  const command = dyno.type === 'run' ? `: ${dyno.command}` : ''
  const retry =
    dyno.retry_at && Date.parse(dyno.retry_at) > nowMs
      ? `, starts again in ${Math.ceil((Date.parse(dyno.retry_at) - nowMs) / 1000)}s`
      : ''
  const reason = dyno.reason ? `: ${dyno.reason}` : ''
  return `${dyno.name}${size}: ${paintState(dyno.state, style)} ${since}${command}${reason}${retry}`
}

function paintState(state: string, style: Style): string {
  if (state === 'up') return style.green(state)
  return state === 'crashed' ? style.red(state) : style.yellow(state)
}

/** `web` first, one-off dynos last, the rest by name. */
function byType(a: string, b: string): number {
  const rank = (type: string) => (type === 'web' ? 0 : type === 'run' ? 2 : 1)
  return rank(a) - rank(b) || (a < b ? -1 : 1)
}

function byNumber(a: Dyno, b: Dyno): number {
  return Number(a.name.split('.')[1] ?? 0) - Number(b.name.split('.')[1] ?? 0)
}
