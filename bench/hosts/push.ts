// A one-line change pushed again and again: seconds until the new version
// answers, and what of it travels to each host.
import { setTimeout as pause } from 'node:timers/promises'
import { must } from '@paas/testing/platform'
import type { TestHost } from '../../test/hosts/host.ts'
import * as hand from '../by-hand.ts'
import { timed } from '../push/hand-deploy.ts'
import type { Side } from './ours.ts'

/** What a push leaves to be done after it answers must not slow the next one. */
const SETTLE_MS = 6_000

export interface Pushed {
  /** From `git push` to the first answer of the new version, which is when all dynos of it are up. */
  seconds: number
  /** All that each host received meanwhile, whatever it was for. */
  bytes: number[]
}

/** One line of the app changes; `version` is one that it never had. */
export async function pushChange({ fleet, app }: Side, version: string): Promise<Pushed> {
  app.write('version.txt', `${version}\n`)
  await app.commit()
  const before = await Promise.all(fleet.rig.hosts.map(receivedBytes))
  const seconds = await timed(async () => {
    const push = must(app.push())
    await Promise.race([
      hand.answers(fleet.platform.httpPort, version, `${app.name}.${fleet.platform.domain}`),
      push.then(() => new Promise(() => {})),
    ])
    return () => push
  })
  const after = await Promise.all(fleet.rig.hosts.map(receivedBytes))
  await pause(SETTLE_MS)
  return { seconds, bytes: after.map((bytes, i) => bytes - before[i]!) }
}

/** By its network card's own counter. */
async function receivedBytes(host: TestHost): Promise<number> {
  const { stdout } = await must(host.inside(['cat', '/proc/net/dev']))
  return Number(/eth0:\s*(\d+)/.exec(stdout)?.[1])
}
