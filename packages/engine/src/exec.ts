// A command inside a running container of ours, to its end.
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Engine } from './client.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Answers whatever the exit status is. Argv as it stands, no shell; nothing secret belongs in it. */
export async function runInside(
  engine: Engine,
  container: string,
  argv: string[],
  options: { deadlineMs?: number; expected?: number[] } = {},
): Promise<Ran> {
  return engine.call(
    `run ${argv[0]} in ${container}`,
    async (abortSignal) => {
      const exec = await engine.docker
        .getContainer(container)
        .exec({ Cmd: argv, AttachStdout: true, AttachStderr: true, abortSignal })
      const joined = await exec.start({ hijack: false, stdin: false, abortSignal })
      const [stdout, stderr] = [new PassThrough(), new PassThrough()]
      engine.docker.modem.demuxStream(joined, stdout, stderr)
      const end = (error?: Error) => {
        stdout.destroy(error).end()
        stderr.destroy(error).end()
      }
      joined.once('end', () => {
        stdout.end()
        stderr.end()
      })
      joined.once('error', end)
      const [out, err] = await Promise.all([text(stdout), text(stderr)])
      const { ExitCode } = await exec.inspect({ abortSignal })
      return { code: ExitCode ?? -1, stdout: out, stderr: err }
    },
    options,
  )
}
