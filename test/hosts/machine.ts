// Power for one host: starting, killing and reaching into what machine.sh makes.
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { cgroupsOf, isKept } from '@paas/testing/cgroups'
import { type Ran, type RunOptions, run } from '@paas/testing/run'
import { until } from '@paas/testing/wait'
import { identify, isAlive, type ProcessId } from './process-id.ts'

const SCRIPT = path.join(import.meta.dirname, 'machine.sh')

export interface Machine {
  /** Also the name of its cgroup. */
  namespace: string
  hostname: string
  /** Holds machine.json (its first process) and machine.log. */
  folder: string
}

/** The machine's first process, while it runs. */
export function findInit({ folder }: Machine): ProcessId | undefined {
  const file = path.join(folder, 'machine.json')
  const id = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ProcessId) : undefined
  return isAlive(id) ? id : undefined
}

/** Starts it in its namespace and returns when it is ready for an engine. */
export async function boot(machine: Machine): Promise<void> {
  const { namespace, hostname, folder } = machine
  const args = [`--net=/run/netns/${namespace}`, 'sh', SCRIPT, 'boot', namespace, hostname]
  const pid = detach('nsenter', args, path.join(folder, 'machine.log'))
  // It becomes `unshare`, whose one child is the machine's process 1.
  const init = await until(`the machine ${namespace}`, () => {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
    return child !== undefined && child !== '' && existsSync(`/proc/${child}/root/run/booted`) && identify(Number(child))
  })
  writeFileSync(path.join(folder, 'machine.json'), JSON.stringify(init))
}

/** Ends every process in it at once, as a power cut does; resolves when none is left, nor a cgroup of it. */
export async function killMachine(machine: Machine): Promise<void> {
  const init = findInit(machine)
  if (init) process.kill(init.pid, 'SIGKILL')
  rmSync(path.join(machine.folder, 'machine.json'), { force: true })
  await until(`the end of ${machine.namespace}`, () => {
    const folders = cgroupsOf(machine.namespace)
    // A boot that was broken off left a first process that nobody wrote down.
    for (const pid of folders.flatMap(processesIn)) kill(pid)
    return folders.filter(isKept).length === 0
  })
}

/** Runs a command inside; never rejects for one that fails. */
export function inside(machine: Machine, command: string[], options?: RunOptions): Promise<Ran> {
  return run('nsenter', entering(machine, command), options)
}

/** Starts a command inside that outlives us; what it prints goes to `logFile`. */
export function detachInside(machine: Machine, command: string[], logFile: string, env?: NodeJS.ProcessEnv): void {
  detach('nsenter', entering(machine, ['setsid', '--fork', ...command]), logFile, env)
}

/** A file of the machine's own /run, which is not this machine's. */
export function readInside(machine: Machine, file: string): string | undefined {
  const init = findInit(machine)
  const outside = init && `/proc/${init.pid}/root${file}`
  return outside && existsSync(outside) ? readFileSync(outside, 'utf8') : undefined
}

function entering(machine: Machine, command: string[]): string[] {
  const init = findInit(machine)
  if (!init) throw new Error(`${machine.namespace} is not running`)
  const spaces = ['--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup']
  return ['--target', String(init.pid), ...spaces, 'sh', SCRIPT, 'enter', ...command]
}

function detach(command: string, args: string[], logFile: string, env = process.env): number {
  const log = openSync(logFile, 'a')
  try {
    const child = spawn(command, args, { cwd: '/', env, detached: true, stdio: ['ignore', log, log] })
    child.unref()
    if (child.pid === undefined) throw new Error(`cannot start ${command}`)
    return child.pid
  } finally {
    closeSync(log)
  }
}

/** 0 is a process of another pid namespace; never our own group. */
function processesIn(folder: string): number[] {
  const numbers = readFileSync(path.join(folder, 'cgroup.procs'), 'utf8').split('\n').map(Number)
  return numbers.filter((pid) => pid > 1)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
