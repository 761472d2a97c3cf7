// paas scale web=10 to ten healthy dynos, against ten docker run by hand
//
// From no dyno to ten. Ours ends when the api calls ten of them up, which is
// when routers have them. By hand: ten `docker run` started together with a
// dyno's limits, on a network of their own as our apps have, each polled until it answers.

import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { createApp, type TestApp } from '@paas/testing/app'
import { must, startTestPlatform, stopTestPlatform } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import * as hand from '../by-hand.ts'
import { finish, median, printTable, say } from '../report.ts'

const ROUNDS = 5
const DYNOS = 10
const FIRST_PORT = 28100 // below those that the kernel gives to clients
const LIMITS = [
  '--memory=1g',
  '--pids-limit=256',
  '--init',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  '--user=20000:20000',
]

const platform = await startTestPlatform()
const times = { paas: [] as number[], 'docker run': [] as number[] }
try {
  const app = await createApp(platform, 'express-and-worker', 'wide')
  await must(app.push())
  await scaleTo(app, 0)
  await must(run('docker', ['network', 'create', 'bench-scale']))
  const image = await hand.newestImage(`${platform.prefix}/app-*`)
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`round ${round} of ${ROUNDS}`)
    times.paas.push(await ours(app))
    times['docker run'].push(await byHand(image))
  }
} finally {
  await run('docker', ['network', 'rm', 'bench-scale'])
  await stopTestPlatform(platform)
}
if (!process.argv.includes('--json')) {
  printTable(
    ['seconds to ten healthy', 'median', 'fastest', 'slowest'],
    Object.entries(times).map(([name, all]) => [name, median(all), Math.min(...all), Math.max(...all)]),
  )
}
finish([{ name: 'scale', ratio: median(times.paas) / median(times['docker run']), atMost: 1.1 }], times)

async function ours(app: TestApp): Promise<number> {
  const began = performance.now()
  await must(app.paas(['scale', `web=${DYNOS}`]))
  await must(app.paas(['ps:wait'], { deadlineMs: 120_000 }))
  const elapsed = (performance.now() - began) / 1000
  await scaleTo(app, 0)
  return elapsed
}

async function scaleTo(app: TestApp, quantity: number): Promise<void> {
  await must(app.paas(['scale', `web=${quantity}`]))
  while (
    JSON.parse((await must(app.paas(['ps', '--json']))).stdout).filter((dyno: { type: string }) => dyno.type === 'web').length !==
    quantity
  )
    await pause(100)
}

async function byHand(image: string): Promise<number> {
  const names = Array.from({ length: DYNOS }, (_, i) => `bench-scale-${i}`)
  const flags = [...LIMITS, '--network=bench-scale', '--entrypoint=/stack/start']
  const began = performance.now()
  await Promise.all(
    names.map(async (name, i) => {
      await hand.start(name, image, FIRST_PORT + i, flags, ['node server.js'])
      await hand.answers(FIRST_PORT + i, '')
    }),
  )
  const elapsed = (performance.now() - began) / 1000
  await hand.remove(...names)
  return elapsed
}
