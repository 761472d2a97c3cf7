// What the platform itself costs when nobody uses it: its own processes,
// Postgres and Redis included, with three apps deployed.
import { createApp } from '@paas/testing/app'
import { must, ROOT, startTestPlatform, stopTestPlatform, type TestPlatform } from '@paas/testing/platform'
import { run } from '@paas/testing/run'
import { until } from '@paas/testing/wait'
import { afterAll, beforeAll, expect, it } from 'vitest'

let platform: TestPlatform
beforeAll(async () => {
  platform = await startTestPlatform({ PAAS_APP_SUBNET: '10.216.0.0/16' })
})
afterAll(() => stopTestPlatform(platform))

it('idle with three apps it takes less than 350 MB', async () => {
  for (const [sample, name] of [
    ['express-and-worker', 'first'],
    ['static-site', 'second'],
    ['websocket-echo', 'third'],
  ] as const) {
    await must((await createApp(platform, sample, name)).push())
  }
  const measured: number[] = []
  await until('less than 350 MB', async () => {
    const { components } = JSON.parse((await must(run(`${ROOT}/bin/status`, ['--json'], { env: platform.env }))).stdout)
    const bytes = components.reduce((sum: number, { pssBytes }: { pssBytes: number }) => sum + pssBytes, 0)
    measured.push(Math.round(bytes / 2 ** 20))
    return bytes / 2 ** 20 < 350
  }).catch((cause) => {
    throw new Error(`MB, every look: ${measured.join(' ')}`, { cause })
  })
  expect(measured.at(-1)).toBeLessThan(350)
})
