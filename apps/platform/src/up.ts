// Bringing the platform up and down, and telling the person how it went.
import { spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Settings } from '@paas/contract/settings'
import { PlatformError } from '@paas/domain/errors'
import { pause } from '@paas/service/wait'
import { findRunning, stopRecorded } from './component.ts'
import { publicUrl } from './config.ts'
import { isHealthy } from './health.ts'
import { prepare } from './prepare.ts'
import { compileCache, logFile } from './supervisor.ts'
import { login, welcome } from './welcome.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const READY_DEADLINE_MS = 120_000
const DOWN_DEADLINE_MS = 90_000
const PROGRESS_MS = 3_000

/** Starts everything that does not run. Foreground: stays until Ctrl-C, then stops what it started. */
export async function runUp(settings: Settings, options: { detach: boolean; login: boolean }): Promise<number> {
  if (findRunning(settings.runDir, 'platform')) {
    console.log(`Already running at ${publicUrl(settings)}, nothing changed. \`./bin/status\` shows it, \`./bin/down\` stops it.`)
    return 0
  }
  const began = Date.now()
  await prepare(settings, say)
  startGuard(settings)
  await untilReady(settings)
  if (options.login) login(settings)
  console.log(welcome(settings, Date.now() - began))
  return options.detach ? 0 : foreground(settings)
}

/** Stops stages, Postgres and Redis; apps' dynos keep running, and the next `bin/up` takes them over. */
export async function runDown(settings: Settings): Promise<number> {
  if (!findRunning(settings.runDir, 'platform')) {
    console.log('Not running, nothing changed.')
    return 0
  }
  say('Stopping')
  if (!(await stopRecorded(settings.runDir, 'platform', DOWN_DEADLINE_MS))) {
    throw new PlatformError('engine_timeout', `The platform did not stop within ${DOWN_DEADLINE_MS / 1000} s`, {
      hint: `See ${logFile(settings, 'platform')}, and run this again.`,
    })
  }
  console.log('Stopped. Dynos keep running; `./bin/up` takes them over.')
  return 0
}

/** The guard starts the supervisor, and starts it again should it be killed. */
function startGuard(settings: Settings): void {
  const output = openSync(logFile(settings, 'platform'), 'a', 0o600)
  const main = path.join(import.meta.dirname, 'main.ts')
  const supervisor = [process.execPath, '--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', main, 'supervise']
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache(settings) }
  spawn(path.join(ROOT, 'infra/guard.sh'), supervisor, { env, detached: true, stdio: ['ignore', output, output] }).unref()
}

async function untilReady(settings: Settings): Promise<void> {
  const began = Date.now()
  let told = began
  while (!(await isHealthy(settings))) {
    if (Date.now() - began > READY_DEADLINE_MS) {
      throw new PlatformError(
        'store_unreachable',
        `The platform did not get ready within ${READY_DEADLINE_MS / 1000} s. Its last words:\n${lastWords(settings)}`,
      )
    }
    if (Date.now() - told > PROGRESS_MS) {
      say(`Waiting for the platform to answer, ${Math.round((Date.now() - began) / 1000)} s`)
      told = Date.now()
    }
    await pause(100)
  }
}

function lastWords(settings: Settings): string {
  return readFileSync(logFile(settings, 'control'), 'utf8').trimEnd().split('\n').slice(-5).join('\n')
}

async function foreground(settings: Settings): Promise<number> {
  const abort = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => abort.abort(name))
  console.log('Press Ctrl-C to stop. (`--detach` leaves it running.)')
  while (!abort.signal.aborted && findRunning(settings.runDir, 'platform')) await pause(1_000, abort.signal)
  return runDown(settings)
}

function say(line: string): void {
  process.stderr.write(`-----> ${line}\n`)
}
