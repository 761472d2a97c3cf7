// The CLI as its tests see it: one command line at a time, in this process,
// against a platform that answers what the test says.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { onTestFinished, test } from 'vitest'
import { dispatch } from './dispatch.ts'
import type { Release } from './objects.ts'
import { type FakePlatform, startFakePlatform } from './platform.fixture.ts'

/** A test gets what it names: its own `platform`, `run` to type a line while logged in there, and the `calls` made so far. */
export const it = test
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures this one needs
  .extend('platform', ({}) => startFakePlatform())
  .extend(
    'run',
    ({ platform }) =>
      (line: string, options: RunOptions = {}) =>
        paas(line.split(' '), { platform, ...options }),
  )
  .extend(
    'calls',
    ({ platform }) =>
      () =>
        platform.asked.map(({ call }) => call),
  )

/** A release that succeeded, but for what the test says. */
export function release(version: number, rest: Partial<Release> = {}): Release {
  return {
    id: `release-${version}`,
    version,
    status: 'succeeded',
    description: `Deploy ${version}`,
    created_at: '2026-01-02T10:00:00Z',
    user: { email: 'ada@example.com' },
    eligible_for_rollback: true,
    ...rest,
  }
}

export interface Ran {
  status: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  platform?: FakePlatform
  env?: Record<string, string>
  cwd?: string
  stdin?: string | Buffer
}

/** Runs one command line with a home of its own, where nothing is a terminal. */
export async function paas(argv: readonly string[], { platform, env = {}, cwd, stdin = '' }: RunOptions = {}): Promise<Ran> {
  const home = newDirectory()
  const stdout = collector()
  const stderr = collector()
  const status = await dispatch(argv, {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      ...(platform ? { PAAS_URL: platform.url, PAAS_TOKEN: 'secret-token' } : {}),
      ...env,
    },
    cwd: cwd ?? home,
    stdin: Readable.from(stdin.length > 0 ? [Buffer.from(stdin)] : []),
    stdout: stdout.stream,
    stderr: stderr.stream,
  })
  return { status, stdout: stdout.text(), stderr: stderr.text() }
}

/** A directory for the running test. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'paas-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function collector() {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(Buffer.from(chunk))
      done()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}
