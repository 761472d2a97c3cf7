// A process that is still the one we started: number and start time together,
// since numbers are given again.
import { startTicksOf } from '@paas/service/process-start'

export interface ProcessId {
  pid: number
  /** In ticks since boot: field 22 of /proc/PID/stat (proc(5)). */
  started: string
}

/** Undefined when no such process runs, a zombie included. */
export function identify(pid: number): ProcessId | undefined {
  const started = startTicksOf(pid)
  return started === undefined ? undefined : { pid, started }
}

export function isAlive(id: ProcessId | undefined): id is ProcessId {
  return id !== undefined && identify(id.pid)?.started === id.started
}
