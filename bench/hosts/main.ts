// A host lost, a scale to thirty and a push on three hosts, against Docker Swarm on the same ones
//
// Three engines in namespaces (docs/testing/hosts.md). Each round they are
// first a swarm, then our hosts, with nothing of the other left: 3 to 30, then
// one host killed, with the very same image of the smallest web server there
// is. The push is held against our own on one host, in turns too: the same
// Express app, three web dynos there as here.
import { cpSync } from 'node:fs'
import path from 'node:path'
import { createApp, type TestApp } from '@paas/testing/app'
import { must, ROOT } from '@paas/testing/platform'
import { type Fleet, openFleet } from '../../test/e2e/hosts.fixture.ts'
import * as hand from '../by-hand.ts'
import { finish, median, printTable, say } from '../report.ts'
import { addHosts, measureRecovery, measureScale, removeHosts, type Side, scaleTo } from './ours.ts'
import { type Pushed, pushChange } from './push.ts'
import { openRows, type Rows } from './rows.ts'
import { leaveSwarm, measureSwarmRecovery, measureSwarmScale } from './swarm.ts'

const ROUNDS = 3
const PUSHES = 2 // of each round, here and there
const SCALES = 3 // of each round: the processors are busy all the while, and what else the machine does shows
const WIDE = 30
const MOST_BYTES = 2_000_000
const TINY_PORT = 8080

const figures: Record<string, { swarm: number[]; paas: number[] }> = {}
const pushes: Record<'one host' | 'three hosts', Pushed[]> = { 'one host': [], 'three hosts': [] }
let failedAfterwards = 0

const fleet = await openFleet({ engine: { 'userland-proxy': false } })
try {
  await using rows = openRows(fleet.platform)
  await measurePushes(fleet, rows)
  const app = await bring(fleet, 'tiny')
  await must(app.push())
  const side = { fleet, rows, app }
  await scaleTo(side, 0)
  const image = await hand.newestImage(`${fleet.platform.prefix}/app-*`)
  for (let round = 1; round <= ROUNDS; round += 1) {
    await fleet.rig.seedImage(image)
    say(`round ${round} of ${ROUNDS}: Docker Swarm`)
    await asSwarm(fleet, image)
    say(`round ${round} of ${ROUNDS}: paas`)
    await asOurs(side)
  }
} finally {
  await fleet.close()
}
report()

/** Here and there in turns, so that both have what else the machine does alike. */
async function measurePushes(fleet: Fleet, rows: Rows): Promise<void> {
  const app = await bring(fleet, 'express')
  const side = { fleet, rows, app }
  await must(app.push())
  for (let round = 1; round <= ROUNDS; round += 1) {
    await scaleTo(side, 3)
    await pushInTurn(side, 'one host', round)
    await scaleTo(side, 0)
    await addHosts(side)
    await scaleTo(side, 3)
    await pushInTurn(side, 'three hosts', round)
    await removeHosts(side)
  }
  await app.destroy()
}

/** The first is not counted: it warms what later ones find warm. */
async function pushInTurn(side: Side, where: keyof typeof pushes, round: number): Promise<void> {
  say(`one-line changes, ${where}, round ${round} of ${ROUNDS}`)
  for (let count = 0; count <= PUSHES; count += 1) {
    const pushed = await pushChange(side, `${where}, change ${round}.${count}.`)
    say(`${pushed.seconds.toFixed(2)} s, ${pushed.bytes.join(' and ')} bytes to hosts`)
    if (count > 0) pushes[where].push(pushed)
  }
}

async function asSwarm({ rig }: Fleet, image: string): Promise<void> {
  const workload = { image, command: [], port: TINY_PORT }
  for (let count = 1; count <= SCALES; count += 1) {
    note('swarm', 'seconds from 3 to 30 answering', await measureSwarmScale(rig, { workload, to: WIDE }))
  }
  const { detected, placed, recovered } = await measureSwarmRecovery(rig, { workload })
  note('swarm', 'host killed: detected', detected)
  note('swarm', 'host killed: placed anew', placed)
  note('swarm', 'host killed: recovered', recovered)
  await leaveSwarm(rig)
}

async function asOurs(side: Side): Promise<void> {
  await addHosts(side)
  for (let count = 1; count <= SCALES; count += 1) {
    note('paas', 'seconds from 3 to 30 answering', await measureScale(side, WIDE))
  }
  const { detected, placed, recovered, failedAfterwards: failed } = await measureRecovery(side)
  note('paas', 'host killed: detected', detected)
  note('paas', 'host killed: placed anew', placed)
  note('paas', 'host killed: recovered', recovered)
  failedAfterwards += failed
  await removeHosts(side)
}

async function bring(fleet: Fleet, name: string): Promise<TestApp> {
  const app = await createApp(fleet.platform, undefined, name)
  cpSync(path.join(ROOT, 'bench/apps', name), app.folder, { recursive: true })
  await app.commit('First')
  return app
}

function note(whose: 'swarm' | 'paas', name: string, seconds: number): void {
  ;(figures[name] ??= { swarm: [], paas: [] })[whose].push(seconds)
  say(`${name}: ${seconds.toFixed(2)} s`)
}

function report(): void {
  const ratio = (name: string) => median(figures[name]!.paas) / median(figures[name]!.swarm)
  const seconds = (where: keyof typeof pushes) => pushes[where].map((push) => push.seconds)
  const mostBytes = Math.max(...pushes['three hosts'].flatMap(({ bytes }) => bytes))
  if (!process.argv.includes('--json')) {
    printTable(
      ['seconds, median (fastest to slowest)', 'paas', 'Docker Swarm'],
      Object.entries(figures).map(([name, { paas, swarm }]) => [name, spread(paas), spread(swarm)]),
    )
    console.log(`requests that failed after ours had recovered: ${failedAfterwards}\n`)
    printTable(
      ['one-line change, web=3', 'seconds', 'most kB to one host'],
      Object.entries(pushes).map(([where, all]) => [
        where,
        spread(all.map((push) => push.seconds)),
        (Math.max(...all.flatMap(({ bytes }) => bytes)) / 1000).toFixed(0),
      ]),
    )
    console.log('')
  }
  finish(
    [
      { name: 'recovery', ratio: ratio('host killed: recovered'), atMost: 0.5 },
      { name: 'scale', ratio: ratio('seconds from 3 to 30 answering'), atMost: 0.8 },
      { name: 'push', ratio: median(seconds('three hosts')) / median(seconds('one host')), atMost: 1.5 },
      { name: 'bytes of a push, to 2 MB', ratio: mostBytes / MOST_BYTES, atMost: 1 },
      { name: 'requests failed after recovery', ratio: failedAfterwards, atMost: 0 },
    ],
    { figures, pushes, failedAfterwards },
  )
}

function spread(values: readonly number[]): string {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)})`
}
