// Our side of bench/hosts: dynos of one app on the rig's hosts and none on the
// platform's own machine, so that both sides have the same three.
import { setTimeout as pause } from 'node:timers/promises'
import type { TestApp } from '@paas/testing/app'
import { must } from '@paas/testing/platform'
import { until } from '@paas/testing/wait'
import type { Fleet } from '../../test/e2e/hosts.fixture.ts'
import { answersAt, answerThroughRouter } from './answers.ts'
import type { DynoRow, Rows } from './rows.ts'
import type { Recovery } from './swarm.ts'

const POLL_MS = 50 // as Swarm is asked
const DEADLINE_MS = 120_000
/** Requests that must all be answered once ours calls itself recovered. */
const AFTERWARDS = 200
const AFTERWARDS_PAUSE_MS = 10
/** Three dynos, each chosen at random: one of them missed 16 times in a row happens once in 200 tries, and then it is asked on. */
const BATCH = 16

export interface Side {
  fleet: Fleet
  rows: Rows
  app: TestApp
}

/** Hosts of the rig, all up, and the platform's own machine closed to new dynos. */
export async function addHosts({ fleet }: Side): Promise<void> {
  await Promise.all(fleet.rig.hosts.map(({ name }) => must(fleet.add(name))))
  await must(fleet.paas('hosts:cordon', 'local'))
}

/** The platform alone again. What a host is remembered for, such as having been lost, goes with it. */
export async function removeHosts(side: Side): Promise<void> {
  const { fleet, rows } = side
  await scaleTo(side, 0)
  await must(fleet.paas('hosts:uncordon', 'local'))
  for (const { name } of fleet.rig.hosts) await must(fleet.paas('hosts:remove', name))
  for (const { name } of fleet.rig.hosts)
    await till(`${name} to be gone`, async () => (await rows.conditionOf(name)) === undefined)
}

/** Seconds from `paas scale` until as many dynos as asked for are up and answer at their own addresses, from three; back to three afterwards. */
export async function measureScale(side: Side, to: number): Promise<number> {
  await scaleTo(side, 3)
  const began = performance.now()
  const answered = till(`${to} dynos to answer`, () => allAnswer(side, to)).then(() => (performance.now() - began) / 1000)
  // Swarm's command does not wait either: what is timed is when they answer, not when a command says so.
  const [elapsed] = await Promise.all([answered, must(side.app.paas(['scale', `web=${to}`]))])
  await scaleTo(side, 3)
  return elapsed
}

/** Three dynos, one on each host; the last host is killed, and started again afterwards. */
export async function measureRecovery(side: Side): Promise<Recovery & { failedAfterwards: number }> {
  const { fleet, rows, app } = side
  await scaleTo(side, 0)
  await scaleTo(side, 3)
  const victim = fleet.rig.hosts.at(-1)!
  const dynos = async () => (await rows.webDynos(app.name)).filter(({ state }) => state === 'up' || state === 'starting')
  const alive = async () => (await dynos()).filter(({ host }) => host !== null && host !== victim.name)
  const hosted = (await dynos()).length - (await alive()).length
  if (hosted !== 1) throw new Error(`${victim.name} runs ${hosted} dynos of 3, not 1`)
  const began = performance.now()
  const since = () => (performance.now() - began) / 1000
  await victim.kill()
  const detected = till('the lost host to be seen', async () => (await rows.conditionOf(victim.name)) === 'lost').then(since)
  const placed = till('the dynos to be placed', async () => (await alive()).length === 3).then(since)
  const recovered = till('the dynos to answer', async () => allServe(side, await alive())).then(since)
  const [a, b, c] = await Promise.all([detected, placed, recovered])
  const failedAfterwards = await countFailures(side)
  await victim.start()
  await till('the killed host to be back', async () => (await rows.conditionOf(victim.name)) === 'up')
  return { detected: a, placed: b, recovered: c, failedAfterwards }
}

/** Nothing of the app is left that is more or less than this. */
export async function scaleTo(side: Side, quantity: number): Promise<void> {
  await must(side.app.paas(['scale', `web=${quantity}`]))
  await till(`${quantity} dynos and no more`, async () => {
    const all = await side.rows.webDynos(side.app.name)
    return all.length === quantity && all.every(({ state }) => state === 'up')
  })
}

/** Are `wanted` dynos up, each answering at its own address? */
async function allAnswer({ rows, app }: Side, wanted: number): Promise<boolean> {
  const up = (await rows.webDynos(app.name)).filter(({ state }) => state === 'up')
  if (up.length !== wanted) return false
  return (await Promise.all(up.map(({ address, port }) => answersAt(address!, port!)))).every(Boolean)
}

/** Are these three up, does each answer a request through the router, and does no request fail? */
async function allServe({ fleet, app }: Side, dynos: readonly DynoRow[]): Promise<boolean> {
  if (dynos.length !== 3 || dynos.some(({ state }) => state !== 'up')) return false
  const said = new Set<string | undefined>()
  for (let asked = 0; asked < BATCH && said.size < 3; asked += 1) said.add(await answerThroughRouter(fleet.platform, app.name))
  return said.size === 3 && !said.has(undefined)
}

async function countFailures({ fleet, app }: Side): Promise<number> {
  let failed = 0
  for (let sent = 0; sent < AFTERWARDS; sent += 1) {
    if ((await answerThroughRouter(fleet.platform, app.name)) === undefined) failed += 1
    await pause(AFTERWARDS_PAUSE_MS)
  }
  return failed
}

async function till(what: string, condition: () => Promise<boolean>): Promise<void> {
  await until(
    what,
    async () => {
      if (await condition()) return true
      await pause(POLL_MS)
      return false
    },
    DEADLINE_MS,
  )
}
