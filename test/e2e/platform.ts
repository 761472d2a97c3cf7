// One platform for all end-to-end tests, brought up as a newcomer does.
import path from 'node:path'
import { ROOT, startTestPlatform, stopTestPlatform, type TestPlatform } from '@paas/testing/platform'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    platform: TestPlatform
    /** Path of the `heroku` CLI's entry file. */
    heroku: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Short waits where a test has to see one end; everything else at its default.
  const platform = await startTestPlatform({ PAAS_BOOT_TIMEOUT_SECONDS: '10', PAAS_STOP_GRACE_SECONDS: '5' })
  project.provide('platform', platform)
  project.provide('heroku', path.join(ROOT, '.runtime/heroku/node_modules/heroku/bin/run.js'))
  return () => stopTestPlatform(platform)
}
