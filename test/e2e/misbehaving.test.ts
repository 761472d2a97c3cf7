// Apps that behave badly hurt themselves, and their people are told how.
import { createApp } from '@paas/testing/app'
import { must } from '@paas/testing/platform'
import { until } from '@paas/testing/wait'
import { expect, inject, it } from 'vitest'

const platform = inject('platform')

it.each([
  { sample: 'crashes-on-boot', says: /exited with status \d+/ },
  { sample: 'never-binds', says: /R10|[Bb]oot timeout/ },
  { sample: 'build-fails', says: /heroku-postbuild|Build failed/ },
  { sample: 'unhealthy', says: /health|500/ },
])('$sample: the push is rejected and says why', async ({ sample, says }) => {
  const app = await createApp(platform, sample, `bad-${sample}`)
  const push = await app.push()
  expect(push.code).not.toBe(0)
  expect(push.stderr).toMatch(says)
  await app.destroy()
})

it('ignores-sigterm: gets its grace, then SIGKILL and an R12', async () => {
  const app = await createApp(platform, 'ignores-sigterm', 'stubborn')
  await must(app.push())
  await must(app.paas(['restart']))
  await until('R12 in the log', async () => (await app.paas(['logs', '-n', '200'])).stdout.includes('R12'), 60_000)
  await app.destroy()
})

it('eats-memory: is killed at its limit, told so, and started again', async () => {
  const app = await createApp(platform, 'eats-memory', 'hungry')
  await must(app.push())
  await app.get('/eat?mb=2000').catch(() => {}) // the answer dies with the dyno
  await until('R15 in the log', async () => (await app.paas(['logs', '-n', '200'])).stdout.includes('R15'), 60_000)
  await until('it serves again', async () => (await app.get()).status === 200, 60_000)
  await app.destroy()
})

it('forks-without-end: stays within its processes', async () => {
  const app = await createApp(platform, 'forks-without-end', 'forking')
  const other = await createApp(platform, 'crashes-on-boot', 'bystander')
  await must(app.push())
  await app.get('/fork').catch(() => {})
  expect((await must(other.paas(['info']))).code).toBe(0)
  await other.destroy()
  await app.destroy()
})

it('release-phase: a release command that fails keeps the old release and its config', async () => {
  const app = await createApp(platform, 'release-phase', 'phased')
  const push = await must(app.push())
  expect(push.stderr).toMatch(/Running release command.*migrating for v\d+ on release\.1.*migrated.*Launching/s)
  const failing = await app.paas(['config:set', 'RELEASE_EXIT=3'])
  expect(failing.code).not.toBe(0)
  expect(failing.stderr).toMatch(/[Rr]elease/)
  expect((await app.get()).status).toBe(200)
  expect((await must(app.paas(['config', '--json']))).stdout).not.toContain('RELEASE_EXIT')
  await app.destroy()
})
