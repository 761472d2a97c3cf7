// Entry point of `paas`. Sets the exit status and lets Node end by itself, so
// that output still on its way into a pipe arrives.
import { dispatch } from './dispatch.ts'

// bin/paas sets it for this process only; git, browsers and editors we start have caches of their own.
delete process.env['NODE_COMPILE_CACHE']

// `paas logs | head`: the reader has had enough, which is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (err: NodeJS.ErrnoException) => process.exit(err.code === 'EPIPE' ? 0 : 1))
}

process.exitCode = await dispatch(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  // Opened only by commands that read it: an opened pipe would keep the process alive.
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
})
