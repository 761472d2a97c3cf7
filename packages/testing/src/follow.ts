// A command that goes on until it is told to end: a tail, a watcher.
import { spawn } from 'node:child_process'
import { until } from './wait.ts'

export interface Followed {
  /** Resolves when stdout has held `text`; rejects at the deadline with what it held. */
  says(text: string, deadlineMs?: number): Promise<void>
  /** Sends SIGINT, as Ctrl-C does; resolves with the exit status. */
  interrupt(): Promise<number | null>
}

export function follow(command: string, args: string[], options: { cwd?: string; env: Record<string, string> }): Followed {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] })
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  return {
    async says(text, deadlineMs = 20_000) {
      await until(`"${text}" in: ${args.join(' ')}`, () => said.includes(text), deadlineMs)
    },
    interrupt() {
      child.kill('SIGINT')
      return closed
    },
  }
}
