// git push to a new version that answers, against docker build and run by hand
//
// One Express app with about 100 MB of dependencies. A one-line change: ours
// and by hand take turns, each with its caches warm, median of 7. A first push:
// an app nobody has built before, against a build without cache, in shuffled
// order. Each clock runs from the command to the first answer of the new code;
// by hand it also stops the old container, which we do afterwards.
import { cpSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { createApp, type TestApp } from '@paas/testing/app'
import { must, startTestPlatform, stopTestPlatform, type TestPlatform } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import * as hand from '../by-hand.ts'
import { finish, median, printTable, say } from '../report.ts'
import { type Cold, coldByHand, HandDeploy, SAMPLE, timed } from './hand-deploy.ts'
import { readStages, type Stages } from './stages.ts'

const ROUNDS = 7
const COLD_ROUNDS = 5
/** What a push leaves to be done after it answers must not slow the others' clock. */
const SETTLE_MS = 6_000

type Way = 'paas' | hand.Builder
const WAYS: Way[] = ['paas', 'classic', 'buildkit']

const platform = await startTestPlatform()
const warm: Record<Way, number[]> = { paas: [], classic: [], buildkit: [] }
const cold: Record<Way, number[]> = { paas: [], classic: [], buildkit: [] }
const stages: Stages[] = []
try {
  const base = await nodeImage(platform)
  await measureCold(platform, base)
  await measureWarm(platform, base)
} finally {
  await stopTestPlatform(platform)
}
report()

/** What the rounds made is removed after all of them: some file systems slow down whoever makes files soon after many were deleted. */
async function measureCold(platform: TestPlatform, base: string): Promise<void> {
  const removals: (() => Promise<unknown>)[] = []
  for (let round = 1; round <= COLD_ROUNDS; round += 1) {
    for (const way of shuffled(WAYS)) {
      say(`first push, round ${round} of ${COLD_ROUNDS}: ${way}`)
      await settle()
      const { seconds, remove } = await (way === 'paas' ? firstPush(platform, round) : coldByHand(way, base, round))
      cold[way].push(seconds)
      removals.push(remove)
    }
  }
  for (const remove of removals) await remove()
}

/** What one side wrote and deleted (100 MB each time) must be on the disk before the other side's clock starts. */
async function settle(): Promise<void> {
  await pause(SETTLE_MS)
  await must(run('sync', []))
}

async function firstPush(platform: TestPlatform, round: number): Promise<Cold> {
  const app = await prepared(platform, `first-${round}`)
  const seconds = await timed(() => pushUntilAnswered(platform, app, 'version 0'))
  return { seconds, remove: () => app.destroy() }
}

async function measureWarm(platform: TestPlatform, base: string): Promise<void> {
  const app = await prepared(platform, 'changing')
  await must(app.push())
  const byHand = { classic: await HandDeploy.first('classic', base), buildkit: await HandDeploy.first('buildkit', base) }
  // Round 0 is not counted: everybody's first change warms what later ones find warm.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const way of shuffled(WAYS)) {
      say(`one-line change, round ${round} of ${ROUNDS}: ${way}`)
      const elapsed = way === 'paas' ? await nextPush(platform, app, round + 1) : await byHand[way].next(round + 1)
      if (round > 0) warm[way].push(elapsed)
    }
  }
  await byHand.classic.end()
  await byHand.buildkit.end()
  await app.destroy()
}

async function nextPush(platform: TestPlatform, app: TestApp, version: number): Promise<number> {
  app.write('version.txt', `version ${version}\n`)
  await app.commit()
  const began = Date.now()
  const elapsed = await timed(() => pushUntilAnswered(platform, app, `version ${version}`))
  await settle()
  if (version > 1) stages.push(await readStages(platform, app.name, began, began + elapsed * 1000))
  return elapsed
}

/** The push goes on a moment after its version answers; the next round must not meet its end. */
async function pushUntilAnswered(platform: TestPlatform, app: TestApp, text: string): Promise<() => Promise<unknown>> {
  const push = must(app.push())
  await Promise.race([hand.answers(platform.httpPort, text, `${app.name}.localhost`), push.then(() => new Promise(() => {}))])
  return () => push
}

async function prepared(platform: TestPlatform, name: string): Promise<TestApp> {
  const app = await createApp(platform, undefined, name)
  cpSync(SAMPLE, app.folder, { recursive: true })
  app.write('version.txt', 'version 0\n')
  await app.commit('First')
  return app
}

/** The image our dynos of this app run on, so that both sides start from the same base; one push makes it. */
async function nodeImage(platform: TestPlatform): Promise<string> {
  say('preparing: the Node.js runtime both sides build on')
  const app = await prepared(platform, 'base')
  await must(app.push())
  await app.destroy()
  return hand.newestImage(`${platform.prefix}/runtime-node`)
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value)
}

function report(): void {
  const row = (name: string, times: Record<Way, number[]>) => [name, ...WAYS.map((way) => median(times[way]))]
  const ratio = (times: Record<Way, number[]>) => median(times.paas) / Math.min(median(times.classic), median(times.buildkit))
  if (!process.argv.includes('--json')) {
    printTable(
      ['seconds, median', 'paas', 'by hand, classic', 'by hand, BuildKit'],
      [row('first push', cold), row('one-line change', warm)],
    )
    console.log('')
    const names = Object.keys(stages[0] ?? {}) as (keyof Stages)[]
    printTable(
      ['where a one-line push goes', 'ms, median'],
      names.map((name) => [name, Math.round(median(stages.map((s) => s[name]))).toString()]),
    )
    console.log('')
  }
  finish(
    [
      { name: 'first push', ratio: ratio(cold), atMost: 1.1 },
      { name: 'push', ratio: ratio(warm), atMost: 1.0 },
    ],
    { cold, warm, stages },
  )
}
