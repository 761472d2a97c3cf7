// The dyno's end of `paas run` and `paas ps:exec`, over TLS with a certificate made for the occasion.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import { newDirectory } from './cli.fixture.ts'
import { createFrameDecoder, encodeFrame, type Frame, FrameType } from './frames.ts'

export interface FakeDyno {
  socket: TLSSocket
  print(text: string | Buffer): void
  printError(text: string): void
  exit(code: number, message?: string): void
}

export interface FakeRendezvous {
  attachUrl: string
  caFile: string
  /** First line of each client. */
  hellos: string[]
}

/** Greets every client and hands its frames to `onFrame`; `onStart` is the dyno starting. */
export async function startFakeRendezvous(
  onFrame: (frame: Frame, dyno: FakeDyno) => void,
  onStart: (dyno: FakeDyno) => void = () => {},
): Promise<FakeRendezvous> {
  const { key, cert, caFile } = makeCertificate()
  const hellos: string[] = []
  const sockets = new Set<TLSSocket>()
  const server = createServer({ key, cert }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const send = (type: FrameType, payload: string | Buffer) =>
      socket.write(encodeFrame(type, Buffer.isBuffer(payload) ? payload : Buffer.from(payload)))
    const dyno: FakeDyno = {
      socket,
      print: (text) => send(FrameType.data, text),
      printError: (text) => send(FrameType.stderr, text),
      exit: (code, message) => send(FrameType.exit, JSON.stringify({ code, message })),
    }
    const decode = createFrameDecoder()
    socket.once('data', (hello) => {
      hellos.push(hello.toString())
      socket.write('rendezvous\r\n')
      socket.on('data', (chunk) => {
        for (const frame of decode(Buffer.from(chunk))) onFrame(frame, dyno)
      })
      onStart(dyno)
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((closed) => server.close(closed))
  })
  return { attachUrl: `rendezvous://localhost:${(server.address() as AddressInfo).port}/the-secret`, caFile, hellos }
}

export function makeCertificate() {
  const directory = newDirectory()
  const keyFile = join(directory, 'key.pem')
  const caFile = join(directory, 'ca.pem')
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', ['req', '-x509', ...curve, ...name, '-keyout', keyFile, '-out', caFile], { stdio: 'ignore' })
  return { key: readFileSync(keyFile), cert: readFileSync(caFile), caFile }
}
