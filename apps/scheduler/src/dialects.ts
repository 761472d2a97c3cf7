// The two ways a client of a session speaks after the greeting:
// Heroku's raw bytes, and our CLI's frames.
import type { TLSSocket } from 'node:tls'
import type { TerminalSize } from '@paas/engine/terminal'
import { createFrameDecoder, encodeFrame, FrameType } from './frames.ts'
import { MarkerKeeper } from './status-marker.ts'

const EOT = 0x04
/** A marker that does not come to its end is sent as it is. */
const HOLD_MS = 100
/** How long Heroku's CLI may take to send its end of input after the dyno has ended; a closed socket crashes it. */
const LAST_WORD_MS = 250

export interface Heard {
  input(chunk: Buffer): void
  endOfInput(): void
  resize(size: TerminalSize): void
}

export interface Dialect {
  hear(chunk: Buffer, heard: Heard): void
  /** False: the client is slow, wait for `drain`. */
  output(chunk: Buffer, from: 'stdout' | 'stderr'): boolean
  /** The last thing said; resolves when the connection may be closed. `message`: why it ended, where that was not the command's doing. */
  exit(code: number, message?: string): Promise<void>
}

export function openFramed(socket: TLSSocket): Dialect {
  const decode = createFrameDecoder()
  return {
    hear(chunk, heard) {
      for (const { type, payload } of decode(chunk)) {
        if (type === FrameType.data) heard.input(payload)
        if (type === FrameType.eof) heard.endOfInput()
        const size = type === FrameType.resize ? sizeOf(payload) : undefined
        if (size) heard.resize(size)
      }
    },
    output: (chunk, from) => socket.write(encodeFrame(from === 'stderr' ? FrameType.stderr : FrameType.data, chunk)),
    async exit(code, message) {
      socket.write(encodeFrame(FrameType.exit, Buffer.from(JSON.stringify({ code, message }))))
    },
  }
}

export function openRaw(socket: TLSSocket, tty: boolean): Dialect {
  const keeper = new MarkerKeeper()
  let timer: NodeJS.Timeout | undefined
  let inputEnded = tty // a terminal sends its 0x04 as a key like any other
  let onInputEnd = () => {}
  const send = (pieces: Buffer[]) => pieces.map((piece) => socket.write(piece)).every(Boolean)
  return {
    hear(chunk, heard) {
      if (tty) return heard.input(chunk)
      const end = chunk.indexOf(EOT)
      if (end !== 0) heard.input(end < 0 ? chunk : chunk.subarray(0, end))
      if (end < 0) return
      inputEnded = true
      heard.endOfInput()
      onInputEnd()
    },
    output(chunk) {
      clearTimeout(timer)
      const fast = send(keeper.push(chunk))
      if (keeper.holds) timer = setTimeout(() => send(keeper.flush()), HOLD_MS)
      return fast
    },
    async exit() {
      clearTimeout(timer)
      send(keeper.flush())
      if (!inputEnded || tty) {
        await new Promise<void>((resolve) => {
          const late = setTimeout(resolve, LAST_WORD_MS)
          onInputEnd = () => {
            clearTimeout(late)
            resolve()
          }
        })
      }
    },
  }
}

function sizeOf(payload: Buffer): TerminalSize | undefined {
  try {
    const { cols, rows } = JSON.parse(payload.toString()) as { cols?: unknown; rows?: unknown }
    return isSide(cols) && isSide(rows) ? { cols, rows } : undefined
  } catch {
    return undefined
  }
}

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 10_000
}
