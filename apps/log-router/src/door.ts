// The log-router's unix socket: each connection says by its first frame
// whether it writes, reads or removes.
import { createServer, type Server, type Socket } from 'node:net'
import { FRAME_HEAD_BYTES, FrameKind, frame, openFrameSplitter, PROTOCOL_VERSION } from '@paas/logs/frames'
import type { ReadOptions, StreamName } from '@paas/logs/types'
import type { Logger } from '@paas/service/log'
import { listenOnSocket } from '@paas/service/socket'
import type { Meter } from './meter.ts'
import { Publisher } from './publisher.ts'
import type { Streams } from './streams.ts'
import { Tail } from './tail.ts'

export interface Door {
  close(): Promise<void>
}

export async function openDoor(socketPath: string, streams: Streams, meter: Meter, log: Logger): Promise<Door> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {}) // 'close' follows
    serve(socket, streams, meter, (err) => {
      log.warn({ err }, 'log-connection.failed')
      socket.destroy()
    })
  })
  await listenOnSocket(server, socketPath)
  return { close: () => closeDoor(server, sockets) }
}

function serve(socket: Socket, streams: Streams, meter: Meter, fail: (error: unknown) => void): void {
  const splitter = openFrameSplitter()
  let publisher: Publisher | undefined
  let versionSeen = false
  socket.on('data', (chunk: Buffer) => {
    try {
      if (!versionSeen && chunk[0] !== PROTOCOL_VERSION) throw new Error(`protocol version ${chunk[0]}, not ${PROTOCOL_VERSION}`)
      splitter.push(versionSeen ? chunk : chunk.subarray(1), (bytes, start, end) => {
        if (publisher) return publisher.receive(bytes, start, end)
        const kind = bytes[start + 4]
        const body = bytes.subarray(start + FRAME_HEAD_BYTES, end)
        if (kind === FrameKind.hello) publisher = new Publisher(socket, streams, meter, body)
        else if (kind === FrameKind.read) read(socket, streams, body).catch(fail)
        else if (kind === FrameKind.remove) remove(socket, streams, body).catch(fail)
        else throw new Error(`a frame of kind ${kind} cannot come first`)
      })
      versionSeen = true
    } catch (error) {
      fail(error)
    }
  })
}

async function read(socket: Socket, streams: Streams, body: Buffer): Promise<void> {
  const { stream, ...options } = JSON.parse(body.toString()) as ReadOptions & { stream: StreamName }
  await new Tail(socket, streams, stream, options).run()
}

async function remove(socket: Socket, streams: Streams, body: Buffer): Promise<void> {
  await streams.remove(body.toString() as StreamName)
  socket.end(frame(FrameKind.removed))
}

async function closeDoor(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
}
