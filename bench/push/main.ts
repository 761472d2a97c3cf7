// git push to a new version that answers, against docker build and run by hand
//
// One Express app with about 100 MB of dependencies. A one-line change: ours
// and by hand take turns, each with its caches warm, median of 7. A first push:
// an app nobody has built before, against a build without cache, in shuffled
// order. Each clock runs from the command to the first answer of the new code;
// by hand it also stops the old container, which we do afterwards.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { createApp, type TestApp } from '@paas/testing/app'
import { must, ROOT, startTestPlatform, stopTestPlatform, type TestPlatform } from '@paas/testing/platform'
import * as hand from '../by-hand.ts'
import { finish, median, printTable, say } from '../report.ts'
import { readStages, type Stages } from './stages.ts'

const ROUNDS = 7
const COLD_ROUNDS = 3
const HAND_PORTS: [number, number] = [38080, 38081]
const SAMPLE = 'bench/apps/express'

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

async function measureCold(platform: TestPlatform, base: string): Promise<void> {
  for (let round = 1; round <= COLD_ROUNDS; round += 1) {
    for (const way of shuffled(WAYS)) {
      say(`first push, round ${round} of ${COLD_ROUNDS}: ${way}`)
      cold[way].push(way === 'paas' ? await firstPush(platform, round) : await coldByHand(way, base))
    }
  }
}

async function firstPush(platform: TestPlatform, round: number): Promise<number> {
  const app = await prepared(platform, `first-${round}`)
  const elapsed = await timed(() => pushUntilAnswered(platform, app, 'version 0'))
  await app.destroy()
  return elapsed
}

async function coldByHand(builder: hand.Builder, base: string): Promise<number> {
  const folder = handFolder(base)
  const elapsed = await timed(async () => {
    await hand.build(builder, folder, 'bench-cold', ['--no-cache'])
    await hand.start('bench-cold', 'bench-cold', HAND_PORTS[0], limits())
    await hand.answers(HAND_PORTS[0], 'version 0')
  })
  await hand.remove('bench-cold')
  await hand.removeImage('bench-cold')
  rmSync(folder, { recursive: true })
  return elapsed
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
  if (version > 1) stages.push(await readStages(platform, app.name, began, began + elapsed * 1000))
  return elapsed
}

/** The push goes on a moment after its version answers; the next round must not meet its end. */
async function pushUntilAnswered(platform: TestPlatform, app: TestApp, text: string): Promise<() => Promise<unknown>> {
  const push = must(app.push())
  await Promise.race([hand.answers(platform.httpPort, text, `${app.name}.localhost`), push.then(() => new Promise(() => {}))])
  return () => push
}

/** By hand with one builder: its own folder, image and the container that serves now. */
class HandDeploy {
  readonly #builder: hand.Builder
  readonly #folder: string
  #turn = 0

  private constructor(builder: hand.Builder, folder: string) {
    this.#builder = builder
    this.#folder = folder
  }

  static async first(builder: hand.Builder, base: string): Promise<HandDeploy> {
    const deploy = new HandDeploy(builder, handFolder(base))
    await hand.build(builder, deploy.#folder, deploy.#name(0))
    await hand.start(deploy.#name(0), deploy.#name(0), deploy.#port(0), limits())
    await hand.answers(deploy.#port(0), 'version 0')
    return deploy
  }

  async next(version: number): Promise<number> {
    const [old, next] = [this.#turn, (this.#turn += 1)]
    writeFileSync(path.join(this.#folder, 'version.txt'), `version ${version}\n`)
    const elapsed = await timed(async () => {
      await hand.build(this.#builder, this.#folder, this.#name(next))
      await hand.start(this.#name(next), this.#name(next), this.#port(next), limits())
      await hand.answers(this.#port(next), `version ${version}`)
      await hand.stop(this.#name(old))
    })
    await hand.remove(this.#name(old))
    return elapsed
  }

  async end(): Promise<void> {
    await hand.remove(this.#name(this.#turn))
    for (let turn = 0; turn <= this.#turn; turn += 1) await hand.removeImage(this.#name(turn))
    rmSync(this.#folder, { recursive: true })
  }

  #name = (turn: number) => `bench-${this.#builder}-${turn}`
  #port = (turn: number) => HAND_PORTS[turn % 2]! + (this.#builder === 'classic' ? 0 : 10)
}

async function prepared(platform: TestPlatform, name: string): Promise<TestApp> {
  const app = await createApp(platform, undefined, name)
  cpSync(path.join(ROOT, SAMPLE), app.folder, { recursive: true })
  app.write('version.txt', 'version 0\n')
  await app.commit('First')
  return app
}

function handFolder(base: string): string {
  const folder = mkdtempSync(path.join(platform.home, 'by-hand-'))
  cpSync(path.join(ROOT, SAMPLE), folder, { recursive: true })
  writeFileSync(path.join(folder, 'version.txt'), 'version 0\n')
  hand.writeDockerfile(folder, base)
  return folder
}

/** The image our dynos of this app run on, so that both sides start from the same base; one push makes it. */
async function nodeImage(platform: TestPlatform): Promise<string> {
  say('preparing: the Node.js runtime both sides build on')
  const app = await prepared(platform, 'base')
  await must(app.push())
  await app.destroy()
  return hand.newestImage(`${platform.prefix}/runtime-node`)
}

/** As a dyno: memory, processes, an init process, no capabilities. */
function limits(): string[] {
  return process.argv.includes('--plain')
    ? []
    : ['--memory=1g', '--pids-limit=256', '--init', '--cap-drop=ALL', '--security-opt=no-new-privileges']
}

/** Seconds until `work` resolves; what it returns runs after the clock has stopped. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  const after = await work()
  const elapsed = (performance.now() - began) / 1000
  if (typeof after === 'function') await after()
  return elapsed
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
