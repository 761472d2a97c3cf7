// A process that is still the one we started: number and start time together,
// since numbers are given again.
import { readFileSync } from 'node:fs'

export interface ProcessId {
  pid: number
  /** In ticks since boot: field 22 of /proc/PID/stat (proc(5)). */
  started: string
}

/** Undefined when no such process runs, a zombie included. */
export function identify(pid: number): ProcessId | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name before may hold spaces
    return state === 'Z' ? undefined : { pid, started: fields[18]! }
  } catch {
    return undefined
  }
}

export function isAlive(id: ProcessId | undefined): id is ProcessId {
  return id !== undefined && identify(id.pid)?.started === id.started
}
