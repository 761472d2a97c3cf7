// Runs a script on another machine with the person's own ssh: their keys, their
// agent, their ~/.ssh/config. It never asks: what would need an answer fails,
// and says how to answer it beforehand.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Failure } from './failure.ts'

/** apt on a slow machine, which may first wait for its own updates. */
const DEADLINE_MS = 15 * 60_000
const CONNECT_TIMEOUT_SECONDS = 10
const TAIL_LINES = 8
/** ssh's own failures, all others are the remote command's (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255

export interface Target {
  user: string
  /** Name or IP address, as the platform will reach it too. */
  address: string
  port: number | undefined
}

export type SetupEvent =
  | { kind: 'step'; text: string }
  | { kind: 'done'; text: string }
  | { kind: 'csr'; text: string }
  | { kind: 'fail'; text: string; hint: string | undefined }

/** `root@192.0.2.7`, `root@h2.example.com:2222`; without a user it is root. Engines are set up for IPv4. */
export function parseTarget(text: string): Target {
  const match = /^(?:([a-z_][a-z0-9_-]{0,31})@)?([a-z0-9][a-z0-9.-]{0,252})(?::(\d{1,5}))?$/i.exec(text)
  const port = match?.[3] === undefined ? undefined : Number(match[3])
  if (!match || (port !== undefined && (port < 1 || port > 65_535))) {
    throw new Failure(`${text} is not USER@ADDR.`, { hint: 'For example: --ssh root@192.0.2.7' })
  }
  return { user: match[1] ?? 'root', address: match[2]!, port }
}

export function sshArguments({ user, address, port }: Target): string[] {
  return [
    ...['-o', 'BatchMode=yes', '-o', `ConnectTimeout=${CONNECT_TIMEOUT_SECONDS}`, '-o', 'ServerAliveInterval=15', '-T'],
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['-l', user, '--', address, 'bash -s'],
  ]
}

/** Resolves when the script ended well; what it reports comes as events while it runs. */
export async function runRemote(
  target: Target,
  script: string,
  env: Record<string, string | undefined>,
  report: (event: SetupEvent) => void,
): Promise<void> {
  const child = spawn('ssh', sshArguments(target), {
    env: env as NodeJS.ProcessEnv,
    signal: AbortSignal.timeout(DEADLINE_MS),
    killSignal: 'SIGTERM',
  })
  const tail: string[] = []
  const read = createReader(report)
  createInterface({ input: child.stdout }).on('line', read)
  createInterface({ input: child.stderr }).on('line', (line) => {
    tail.push(line)
    if (tail.length > TAIL_LINES) tail.shift()
  })
  child.stdin.on('error', () => {}) // it ended before it read everything; its status says why
  child.stdin.end(script)
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (err) => reject(notStarted(err, target)))
    child.once('close', resolve)
  })
  if (status !== 0) throw failed(status, tail, target)
}

/** Lines of ours: `@step TEXT`, `@done TEXT`, `@fail TEXT`, `@hint TEXT` behind a fail, and a request between `@csr` and `@end`. */
export function createReader(report: (event: SetupEvent) => void): (line: string) => void {
  let request: string[] | undefined
  let fault: { kind: 'fail'; text: string; hint: string | undefined } | undefined
  return (line) => {
    const [, word, text = ''] = /^@(\w+) ?(.*)$/.exec(line) ?? []
    if (word === 'end') {
      if (request) report({ kind: 'csr', text: `${request.join('\n')}\n` })
      request = undefined
    } else if (request) request.push(line)
    else if (word === 'csr') request = []
    else if (word === 'step') report({ kind: 'step', text })
    else if (word === 'done') report({ kind: 'done', text })
    else if (word === 'fail') report((fault = { kind: 'fail', text, hint: undefined }))
    else if (word === 'hint' && fault) report({ ...fault, hint: text })
  }
}

function notStarted(err: Error, { address }: Target): Failure {
  const { code } = err as NodeJS.ErrnoException
  if (code === 'ENOENT')
    return new Failure('There is no ssh on this machine.', { cause: err, hint: 'apt-get install openssh-client' })
  if (err.name === 'AbortError')
    return new Failure(`${address} was not ready after ${DEADLINE_MS / 60_000} minutes.`, { cause: err })
  return new Failure(`ssh could not be started: ${err.message}`, { cause: err })
}

function failed(status: number | null, tail: readonly string[], { user, address, port }: Target): Failure {
  const said = tail.filter((line) => line.trim() !== '').join('\n')
  if (status !== SSH_FAILED) {
    return new Failure(`The set-up of ${address} failed with status ${status}.${said ? `\n${said}` : ''}`, {
      hint: 'It can be repeated: what is done already is left as it is.',
    })
  }
  return new Failure(`${address} cannot be reached by ssh.${said ? `\n${said}` : ''}`, {
    hint: `This has to work without a question: ssh${port === undefined ? '' : ` -p ${port}`} ${user}@${address} true`,
  })
}
