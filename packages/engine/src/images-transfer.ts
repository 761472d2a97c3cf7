// What an engine says while it pushes or pulls: lines of JSON, one per step of
// a layer, until it ends. Failures come as lines too, of an answer that is 200.
import type { Readable } from 'node:stream'

/** https://docs.docker.com/reference/api/engine/, ImagePush and ImageCreate. */
interface TransferLine {
  id?: string
  status?: string
  error?: string
  progressDetail?: { current?: number; total?: number }
}

export interface Transfer {
  /** Layers that travelled; the others were there. */
  layers: number
  /** Of those: as the engine counts them, which is uncompressed for a push and compressed for a pull. */
  bytes: number
}

export interface TransferEnd extends Transfer {
  /** Why it failed, in the engine's words. */
  error?: string
}

const MOVING = new Set(['Pushing', 'Downloading'])
const MOVED = new Set(['Pushed', 'Download complete'])

/** Reads the answer to its end, calling back whenever more has moved. Rejects when the connection breaks. */
export async function readTransfer(answer: Readable, onProgress?: (moved: Transfer) => void): Promise<TransferEnd> {
  const layers = new Map<string, { total: number; current: number }>()
  const moved = (): Transfer => ({
    layers: layers.size,
    bytes: [...layers.values()].reduce((sum, { current }) => sum + current, 0),
  })
  for await (const line of linesOf(answer)) {
    if (line.error) return { ...moved(), error: line.error }
    const { id, status = '', progressDetail = {} } = line
    if (id === undefined || !(MOVING.has(status) || MOVED.has(status))) continue
    const before = layers.get(id) ?? { total: 0, current: 0 }
    const total = progressDetail.total ?? before.total
    // A small layer is through before the engine counts to its end.
    layers.set(id, {
      total,
      current: MOVED.has(status) ? Math.max(total, before.current) : (progressDetail.current ?? before.current),
    })
    onProgress?.(moved())
  }
  return moved()
}

async function* linesOf(answer: Readable): AsyncGenerator<TransferLine> {
  let text = ''
  for await (const chunk of answer) {
    text += chunk
    const lines = text.split('\n')
    text = lines.pop()!
    yield* lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as TransferLine)
  }
  if (text.trim() !== '') yield JSON.parse(text) as TransferLine
}
