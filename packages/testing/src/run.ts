// One command run to its end, with what it said.
import { spawn } from 'node:child_process'

export interface Ran {
  command: string
  /** Exit status; null when a signal ended it. */
  code: number | null
  stdout: string
  stderr: string
}

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  input?: string | Buffer
  deadlineMs?: number
  /** Called with each piece as it comes. */
  onStdout?: (text: string) => void
  onStderr?: (text: string) => void
}

/** Never rejects for a failing command: look at `code`. Killed at the deadline (60 s unless told). */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? (process.env as Record<string, string>),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.deadlineMs ?? 60_000,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
      options.onStdout?.(text)
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
      options.onStderr?.(text)
    })
    child.stdin.on('error', () => {}) // it may end without reading its input
    child.stdin.end(options.input)
    child.once('error', reject)
    child.once('close', (code) => resolve({ command: `${command} ${args.join(' ')}`, code, stdout, stderr }))
  })
}
