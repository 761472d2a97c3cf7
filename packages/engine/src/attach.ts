// A dyno with a client on the other end: joined before it starts, so that not
// a byte of its output is missed.
import { type Duplex, PassThrough, type Readable } from 'node:stream'
import { type Engine, statusOf } from './client.ts'
import { createDyno, type DynoSpec, findContainerEnd, killContainer, removeContainer, startContainer } from './dynos.ts'
import { ensureAppNetwork } from './networks.ts'

export interface AttachedDyno {
  containerId: string
  /** A tty has one stream for both: `stderr` stays empty then. They end with the dyno. */
  stdout: Readable
  stderr: Readable
  /** Ending it is end of file for the dyno; with a tty, send 0x04 instead. */
  stdin: Duplex
  start(): Promise<void>
  /** Ended already is fine. */
  resize(size: { cols: number; rows: number }): Promise<void>
  kill(): Promise<void>
  /** Exit status; call when the output has ended. */
  exitCode(): Promise<number>
  remove(): Promise<void>
}

/** Made and joined, not started. */
export async function attachDyno(
  engine: Engine,
  spec: DynoSpec & { attached: { tty: boolean } },
  ensureNetwork = ensureAppNetwork,
): Promise<AttachedDyno> {
  const container = await createDyno(engine, spec, ensureNetwork)
  const { id } = container
  const joined = (await engine.call(`attach ${id.slice(0, 12)}`, () =>
    container.attach({ stream: true, stdin: true, stdout: true, stderr: true, hijack: true }),
  )) as unknown as Duplex
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  joined.on('error', (error) => stdout.destroy(error))
  if (spec.attached.tty) {
    joined.pipe(stdout)
    stderr.end()
  } else {
    split(joined, stdout, stderr)
  }
  return {
    containerId: id,
    stdout,
    stderr,
    stdin: joined,
    start: async () => void (await startContainer(engine, id)),
    async resize({ cols, rows }) {
      try {
        await engine.call(`resize ${id.slice(0, 12)}`, () => container.resize({ w: cols, h: rows }), {
          expected: [404, 409, 500],
        })
      } catch (error) {
        if (statusOf(error) === undefined) throw error
      }
    },
    kill: () => killContainer(engine, id),
    async exitCode() {
      const waited = (await engine.call(`wait for ${id.slice(0, 12)}`, () => container.wait())) as { StatusCode: number }
      return waited.StatusCode ?? (await findContainerEnd(engine, id))?.exitCode ?? 1
    },
    remove: () => removeContainer(engine, id),
  }
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
