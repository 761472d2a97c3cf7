// One supervised process: started when it is not running, started again when
// it dies, adopted when a supervisor before us started it.
//
// A record in runDir (pid and start time) says what runs, so a supervisor that
// was killed finds its children again, and a pid that the kernel has given to
// somebody else is not mistaken for ours.
import { type SpawnOptions, spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Logger } from '@paas/service/log'
import { startTicksOf } from '@paas/service/process-start'
import { pause } from '@paas/service/wait'

const ADOPTED_POLL_MS = 250 // a process that is not our child gives no exit event
const RESTART_MIN_MS = 100
const RESTART_MAX_MS = 5_000
const STEADY_MS = 10_000 // having run this long, a crash counts as the first again

export interface ComponentSpec {
  name: string
  command: string
  args: string[]
  options?: Pick<SpawnOptions, 'env' | 'cwd' | 'uid' | 'gid'>
  /** Where its stdout and stderr go. */
  logPath: string
  stopSignal?: NodeJS.Signals
  stopDeadlineMs?: number
  /** Runs before each start: `initdb`, a stale socket. */
  prepare?: () => Promise<void>
}

export interface ProcessRecord {
  name: string
  pid: number
  /** Clock ticks after boot (proc(5), stat field 22): tells a reused pid from ours. */
  startTicks: string
  since: string
}

/** Keeps one process running until the signal aborts, then stops it. */
export async function keepRunning(spec: ComponentSpec, runDir: string, log: Logger, signal: AbortSignal): Promise<void> {
  let delayMs = RESTART_MIN_MS
  while (!signal.aborted) {
    const began = Date.now()
    try {
      const record = findRunning(runDir, spec.name) ?? (await start(spec, runDir))
      await gone(record, signal)
      if (signal.aborted) await stop(record, spec)
      else log.warn({ component: spec.name, pid: record.pid }, 'component.died')
    } catch (err) {
      log.error({ component: spec.name, err }, 'component.failed')
    }
    if (signal.aborted) break
    delayMs = Date.now() - began > STEADY_MS ? RESTART_MIN_MS : Math.min(delayMs * 2, RESTART_MAX_MS)
    await pause(delayMs, signal)
  }
  rmSync(recordPath(runDir, spec.name), { force: true })
}

/** Runs one to its end; at the signal it is stopped. One that runs already under the name is stopped first. */
export async function runToEnd(spec: ComponentSpec, runDir: string, signal: AbortSignal): Promise<void> {
  const before = findRunning(runDir, spec.name)
  if (before) await stop(before, spec)
  const record = await start(spec, runDir)
  await gone(record, signal)
  if (signal.aborted) await stop(record, spec)
  rmSync(recordPath(runDir, spec.name), { force: true })
}

async function start(spec: ComponentSpec, runDir: string): Promise<ProcessRecord> {
  await spec.prepare?.()
  const output = openSync(spec.logPath, 'a', 0o600)
  // A session of its own: Ctrl-C on the terminal reaches only the supervisor, which stops things in order.
  const child = spawn(spec.command, spec.args, { ...spec.options, detached: true, stdio: ['ignore', output, output] })
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  child.unref()
  const record = recordOf(spec.name, child.pid!)
  writeRecord(runDir, record)
  return record
}

/** The record of a component that runs now; undefined when it does not. */
export function findRunning(runDir: string, name: string): ProcessRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(recordPath(runDir, name), 'utf8')) as ProcessRecord
    return startTicksOf(record.pid) === record.startTicks ? record : undefined
  } catch {
    return undefined
  }
}

/** Remembers the calling process under `name`. */
export function recordSelf(runDir: string, name: string): void {
  writeRecord(runDir, recordOf(name, process.pid))
}

export function recordPath(runDir: string, name: string): string {
  return path.join(runDir, `${name}.pid.json`)
}

function recordOf(name: string, pid: number): ProcessRecord {
  return { name, pid, startTicks: startTicksOf(pid) ?? '', since: new Date().toISOString() }
}

function writeRecord(runDir: string, record: ProcessRecord): void {
  mkdirSync(runDir, { recursive: true })
  const file = recordPath(runDir, record.name)
  writeFileSync(`${file}.new`, JSON.stringify(record))
  renameSync(`${file}.new`, file)
}

async function gone(record: ProcessRecord, signal?: AbortSignal): Promise<void> {
  while (!signal?.aborted && startTicksOf(record.pid) === record.startTicks) await pause(ADOPTED_POLL_MS, signal)
}

/** SIGTERM (or the component's own signal), and SIGKILL at the deadline. */
async function stop(record: ProcessRecord, spec: ComponentSpec): Promise<void> {
  send(record, spec.stopSignal ?? 'SIGTERM')
  await gone(record, AbortSignal.timeout(spec.stopDeadlineMs ?? 15_000))
  send(record, 'SIGKILL')
  await gone(record, AbortSignal.timeout(2_000))
}

function send(record: ProcessRecord, signal: NodeJS.Signals): void {
  if (startTicksOf(record.pid) !== record.startTicks) return
  try {
    process.kill(record.pid, signal)
  } catch {
    // It has just ended by itself.
  }
}

/** Stops what a record names, for `bin/down`; true when it is gone. */
export async function stopRecorded(runDir: string, name: string, deadlineMs: number): Promise<boolean> {
  const record = findRunning(runDir, name)
  if (!record) return true
  send(record, 'SIGTERM')
  await gone(record, AbortSignal.timeout(deadlineMs))
  return startTicksOf(record.pid) !== record.startTicks
}
