// Somebody's command inside a running dyno: as its user, in its limits, with
// its environment, joined from the first byte.
//
// The engine has no way to end such a process, and leaves it running when its
// client goes. So every one is marked by a variable, which its children inherit,
// and a second command inside finds all that bear the mark. What has taken the
// variable out of its environment on purpose is not found; it ends with the dyno.
import type { Duplex } from 'node:stream'
import { PlatformError } from '@paas/domain/errors'
import { pause } from '@paas/service/wait'
import { type Engine, statusOf } from './client.ts'
import { DYNO_USER, STACK_START } from './dynos-config.ts'
import { dynoImage } from './dynos-image.ts'
import { runInside } from './exec.ts'
import { type JoinedProcess, takeApart } from './joined.ts'
import { sized, type TerminalSize } from './terminal.ts'

export interface ExecSpec {
  /** Its mark: every process of it is found again by this. */
  execId: string
  /** The dyno's. */
  image: string
  /** null: a shell. */
  command: string | null
  /** Besides the dyno's own. */
  env: Readonly<Record<string, string>>
  tty: boolean
  /** Of the terminal, at first. */
  size?: TerminalSize | undefined
}

/** In its environment, where sshd has SSH_CONNECTION. */
const MARK = 'PAAS_EXEC'
/** Not every image has bash: a Dockerfile decides. */
const ANY_SHELL = 'if command -v bash >/dev/null; then exec bash; else exec sh; fi'
/** Its streams have ended; the engine knows a moment later that it has. */
const END_MS = 2_000
const LOOK_MS = 25
/** Killed, or gone with its dyno: the shell's number for SIGKILL. */
const KILLED = 137

/** Of END_ALL. */
const LEFT = 3

/** SIGHUP, as when a terminal is closed; what is still there after two seconds gets SIGKILL. */
const END_ALL = `
each() { for file in $(grep -ls "$mark" /proc/[0-9]*/environ); do pid=\${file#/proc/}; kill -s "$1" "\${pid%/environ}"; done; }
some() { grep -qs "$mark" /proc/[0-9]*/environ; }
mark=$1
exec 2>/dev/null
each HUP
each CONT
for wait in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do some || exit 0; sleep 0.1; done
for try in 1 2 3 4 5; do each KILL; some || exit 0; sleep 0.1; done
exit ${LEFT}
`

/** Runs from now on. Throws `engine_refused` when the container does not run, or has no shell. `before` are programs that start it. */
export async function execInDyno(
  engine: Engine,
  container: string,
  spec: ExecSpec,
  before: readonly string[] = [],
): Promise<JoinedProcess> {
  const { execId, command, env, tty } = spec
  const what = `exec in ${container.slice(0, 12)}`
  const { onStack } = await dynoImage(engine, spec.image)
  if (!onStack) await requireTools(engine, container)
  const exec = await engine.call(what, (abortSignal) =>
    engine.docker.getContainer(container).exec({
      Cmd: [
        ...(onStack ? before : []),
        ...sized(spec.size, [...(onStack ? [STACK_START] : ['/bin/sh', '-c']), command ?? ANY_SHELL]),
      ],
      Env: [...Object.entries(env).map(([name, value]) => `${name}=${value}`), `${MARK}=${execId}`],
      User: DYNO_USER,
      Tty: tty,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      abortSignal,
    }),
  )
  // Not `stdin: true`: then the request's own body would stay open.
  const joined = (await engine.call(what, () => exec.start({ hijack: true, Tty: tty }))) as unknown as Duplex
  return {
    ...takeApart(joined, tty),
    stdin: joined,
    async resize({ cols, rows }) {
      try {
        await engine.call(`resize ${what}`, () => exec.resize({ w: cols, h: rows }), { expected: [404, 409, 500] })
      } catch (error) {
        if (statusOf(error) === undefined) throw error
      }
    },
    async exitCode() {
      for (const began = performance.now(); ; await pause(LOOK_MS)) {
        const { Running, ExitCode } = await engine
          .call(`inspect ${what}`, () => exec.inspect(), { expected: [404] })
          .catch((error) => {
            if (statusOf(error) === 404) return { Running: false, ExitCode: KILLED }
            throw error
          })
        if (!Running) return ExitCode ?? KILLED
        if (performance.now() - began > END_MS) return KILLED // by whoever asks: it has no client any more
      }
    },
  }
}

/** Ends all processes of it, whoever started them. None there is fine, and so is a container that has ended. Throws `engine_refused` when some do not end. */
export async function endExec(engine: Engine, container: string, execId: string): Promise<void> {
  try {
    const { code } = await runInside(engine, container, ['/bin/sh', '-c', END_ALL, 'sh', `${MARK}=${execId}`], {
      expected: [404, 409],
    })
    if (code === LEFT) throw new PlatformError('engine_refused', `Processes of a session in ${container.slice(0, 12)} do not end`)
  } catch (error) {
    if (statusOf(error) === undefined) throw error
  }
}

/** What a session is started and ended with; our stack has both. */
async function requireTools(engine: Engine, container: string): Promise<void> {
  if ((await runInside(engine, container, ['/bin/sh', '-c', 'command -v grep'])).code === 0) return
  throw new PlatformError('engine_refused', 'its image has no shell (/bin/sh), or no grep', {
    hint: 'A session is started with the one and ended with the other: its Dockerfile has to put them in.',
  })
}
