// A process of a dyno with a client on the other end, as whoever serves the
// client sees it, and the engine's one connection taken apart.
import { type Duplex, PassThrough, type Readable } from 'node:stream'
import type { TerminalSize } from './terminal.ts'

export interface JoinedProcess {
  /** A tty has one stream for both: `stderr` stays empty then. They end with the process. */
  stdout: Readable
  stderr: Readable
  /** Ending it is end of file for the process; with a tty, send 0x04 instead. */
  stdin: Duplex
  /** Ended already is fine. */
  resize(size: TerminalSize): Promise<void>
  /** Exit status; call when the output has ended. */
  exitCode(): Promise<number>
}

/** What the engine's hijacked connection carries. */
export function takeApart(joined: Duplex, tty: boolean): { stdout: Readable; stderr: Readable } {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  joined.on('error', (error) => stdout.destroy(error))
  if (tty) {
    joined.pipe(stdout)
    stderr.end()
  } else {
    split(joined, stdout, stderr)
  }
  return { stdout, stderr }
}

/** Each piece has 8 bytes before it: stream, three zeros, length. A slow reader of either stops the reading of both. */
function split(joined: Duplex, stdout: PassThrough, stderr: PassThrough): void {
  let rest: Buffer = Buffer.alloc(0)
  joined.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    while (rest.length >= 8) {
      const end = 8 + rest.readUInt32BE(4)
      if (rest.length < end) break
      const target = rest[0] === 2 ? stderr : stdout
      if (!target.write(rest.subarray(8, end))) {
        joined.pause()
        target.once('drain', () => joined.resume())
      }
      rest = rest.subarray(end)
    }
  })
  joined.on('end', () => {
    stdout.end()
    stderr.end()
  })
}
