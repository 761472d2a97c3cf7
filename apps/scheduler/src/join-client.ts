// A process in a dyno and a client, joined until one of them goes.
import type { Readable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { SessionEnd } from '@paas/domain/exec'
import type { JoinedProcess } from '@paas/engine/joined'
import type { Dialect } from './dialects.ts'

export const GREETING = 'rendezvous\r\n'
/** Heroku's CLI throws its first chunk away: the greeting must have arrived before anything else is sent. */
export const GREETING_ALONE_MS = 20
const IDLE_MS = 60 * 60_000

/** `ended`: all output was handed to the client. Otherwise the process may still run, and is the caller's to end; `left`: the client has gone. Rejects when the engine does. */
export async function joinClient(
  joined: Omit<JoinedProcess, 'exitCode'>,
  socket: TLSSocket,
  dialect: Dialect,
  signal: AbortSignal,
): Promise<SessionEnd | 'left'> {
  const { promise, resolve, reject } = Promise.withResolvers<SessionEnd | 'left'>()
  const touch = () => idle.refresh()
  const idle = setTimeout(() => resolve('idle'), IDLE_MS)
  const leave = () => resolve('left')
  const abort = () => resolve('aborted')
  socket.on('data', (chunk: Buffer) => {
    touch()
    try {
      dialect.hear(chunk, {
        input(bytes) {
          if (!joined.stdin.writable || joined.stdin.write(bytes)) return
          socket.pause()
          joined.stdin.once('drain', () => socket.resume())
        },
        endOfInput: () => void joined.stdin.end(),
        resize: (size) => void joined.resize(size).catch(() => {}),
      })
    } catch {
      socket.destroy() // not our frames
    }
  })
  socket.on('close', leave)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  if (socket.destroyed) leave()
  socket.resume()
  Promise.all([
    carry(joined.stdout, 'stdout', socket, dialect, touch),
    carry(joined.stderr, 'stderr', socket, dialect, touch),
  ]).then(() => resolve(socket.destroyed ? 'left' : 'ended'), reject)
  try {
    return await promise
  } finally {
    clearTimeout(idle)
    socket.off('close', leave)
    signal.removeEventListener('abort', abort)
  }
}

async function carry(from: Readable, which: 'stdout' | 'stderr', socket: TLSSocket, dialect: Dialect, touch: () => void) {
  for await (const chunk of from as AsyncIterable<Buffer>) {
    touch()
    if (socket.destroyed || dialect.output(chunk, which)) continue
    await new Promise<void>((resolve) => {
      const go = () => {
        socket.off('drain', go).off('close', go)
        resolve()
      }
      socket.on('drain', go).on('close', go)
    })
  }
}
