// Dynos on the tiny image, for tests of the engine's port itself.
import { text } from 'node:stream/consumers'
import type { DynoEngine } from '@paas/engine/dyno-engine'
import type { DynoSpec } from '@paas/engine/dynos'

export const IMAGE = 'tswarm/tiny:1'
export const WEB = 'trap "exit 0" TERM; httpd -f -p 8080 -h /app/www & wait'

let made = 0

/** Another dyno with each call. */
export function spec(app: string, command: string, more: Partial<DynoSpec> = {}): DynoSpec {
  made += 1
  const dynoId = `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`.replace(/^0{8}/, String(made).padStart(8, '0'))
  return {
    ...{ dynoId, appId: `id-of-${app}`, app, type: 'web', number: made, release: 1, image: IMAGE, command, env: {} },
    ...{ memoryMiB: 64, pids: 32, cpuShares: 1024, stopGraceMs: 1_000 },
    ...more,
  }
}

/** A one-off of the app `caller` that gives back what it is told and ends with 9: what its client hears, and its exit status. */
export async function converse(dynos: DynoEngine, told: string): Promise<{ said: string; code: number }> {
  const one = await dynos.attach({ ...spec('caller', 'cat; exit 9', { type: 'run' }), attached: { tty: false } })
  await one.start()
  one.stdin.end(told)
  const said = await text(one.stdout)
  const code = await one.exitCode()
  await one.remove()
  return { said, code }
}
