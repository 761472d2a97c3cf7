// The engine's one stream for stdout and stderr, taken apart: frames of an
// 8-byte header (stream, three zeros, length) and their bytes.
// https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
import type { Readable, Writable } from 'node:stream'

const HEADER_BYTES = 8
const STDOUT = 1

/** Resolves when the stream has ended. stdout waits for its reader; stderr never does. */
export async function demultiplex(
  stream: Readable,
  { stdout, onStderr }: { stdout: Writable; onStderr: (chunk: Buffer) => void },
): Promise<void> {
  let header: Buffer = Buffer.alloc(0)
  let left = 0
  let toStdout = false
  try {
    for await (let chunk of stream as AsyncIterable<Buffer>) {
      while (chunk.length > 0) {
        if (left === 0) {
          const part = chunk.subarray(0, HEADER_BYTES - header.length)
          header = header.length === 0 ? part : Buffer.concat([header, part])
          chunk = chunk.subarray(part.length)
          if (header.length < HEADER_BYTES) break
          toStdout = header[0] === STDOUT
          left = header.readUInt32BE(4)
          header = Buffer.alloc(0)
        }
        const body = chunk.subarray(0, left)
        chunk = chunk.subarray(body.length)
        left -= body.length
        if (body.length === 0) continue
        if (!toStdout) onStderr(body)
        else if (!stdout.write(body)) await drained(stdout)
      }
    }
  } finally {
    stdout.end()
  }
}

/** Resolves when it takes more, or never will. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve()
    function done() {
      stream.off('drain', done).off('close', done)
      resolve()
    }
    stream.on('drain', done).on('close', done)
  })
}
