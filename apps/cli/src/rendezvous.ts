// The client's end of `paas run` and `paas ps:exec`: TLS to the rendezvous port,
// the secret, then frames both ways until the command's exit status. Binary-safe, and slow readers
// slow the other side down instead of filling memory.
import type { TLSSocket } from 'node:tls'
import { explain, localLookup, readAuthorities } from './connect.ts'
import type { Surroundings } from './context.ts'
import { Failure } from './failure.ts'
import { createFrameDecoder, encodeFrame, type Frame, FrameType } from './frames.ts'
import { isLoopback } from './platform-hosts.ts'
import type { Session } from './session.ts'

const GREETING = 'rendezvous\r\n'
/** From connecting to the greeting; the server greets once the secret is known to it. */
const GREETING_TIMEOUT_MS = 30_000
const KEEP_ALIVE_MS = 30_000

export interface Attachment {
  attachUrl: string
  /** For messages: `run.1234`. */
  dyno: string
  tty: boolean
  /** What to do about a connection that broke. */
  ifLost: string
  onConnected?(): void
}

interface Exit {
  code: number
  /** Why it ended, where that was not the command's doing. */
  message?: string
}

/** Joins our streams to the command until it exits; resolves with its exit status. Fails with the platform's words when it ended for another reason. */
export async function attach(
  around: Surroundings,
  session: Session,
  { attachUrl, dyno, tty, ifLost, onConnected }: Attachment,
): Promise<number> {
  const { socket, early } = await connect(session, attachUrl)
  onConnected?.()
  const input = around.stdin as NodeJS.ReadStream
  const { promise, resolve, reject } = Promise.withResolvers<Exit>()
  const decode = createFrameDecoder()
  let exit: Exit | undefined

  const receive = (chunk: Buffer) => {
    let frames: Frame[]
    try {
      frames = decode(chunk)
    } catch (err) {
      socket.destroy()
      return reject(new Failure(`${dyno} sent something that is not ours: ${(err as Error).message}.`, { cause: err }))
    }
    for (const { type, payload } of frames) {
      if (type === FrameType.exit) exit = JSON.parse(payload.toString()) as Exit
      const output = type === FrameType.data ? around.stdout : type === FrameType.stderr ? around.stderr : undefined
      if (output && !output.write(payload)) {
        socket.pause()
        output.once('drain', () => socket.resume())
      }
    }
    if (exit) resolve(exit)
  }
  const sendInput = (chunk: Buffer) => {
    if (socket.writable && !socket.write(encodeFrame(FrameType.data, chunk))) {
      input.pause()
      socket.once('drain', () => input.resume())
    }
  }
  const endInput = () => void (socket.writable && socket.write(encodeFrame(FrameType.eof)))
  const resize = () => {
    const { columns: cols, rows } = around.stdout
    if (socket.writable && cols && rows) socket.write(encodeFrame(FrameType.resize, Buffer.from(JSON.stringify({ cols, rows }))))
  }
  const restore = () => void (tty && input.setRawMode(false))
  const leave = () => process.exit(1)

  socket.on('data', receive)
  // Once the exit status is here, the promise is settled: how the connection ends then says nothing more.
  socket.on('error', (err) => reject(lost(dyno, ifLost, err)))
  socket.on('close', () => reject(lost(dyno, ifLost)))
  input.on('data', sendInput).on('end', endInput)
  if (tty) {
    input.setRawMode(true)
    process.on('exit', restore).on('SIGTERM', leave).on('SIGHUP', leave)
    around.stdout.on('resize', resize)
    resize()
  }
  if (early.length > 0) receive(early)
  try {
    const { code, message } = await promise
    if (!message) return code
    if (tty) around.stderr.write('\r\n') // the prompt it broke into
    throw new Failure(message, { exitCode: code || 1 })
  } finally {
    restore()
    if (tty) process.off('exit', restore).off('SIGTERM', leave).off('SIGHUP', leave)
    around.stdout.off('resize', resize)
    input.off('data', sendInput).off('end', endInput).pause()
    input.unref?.()
    socket.destroy()
  }
}

/** A greeted connection, and what came with the greeting. */
async function connect(session: Session, attachUrl: string): Promise<{ socket: TLSSocket; early: Buffer }> {
  const url = new URL(attachUrl)
  const hostname = url.hostname.replace(/^\[|\]$/g, '')
  const { promise, resolve, reject } = Promise.withResolvers<{ socket: TLSSocket; early: Buffer }>()
  const socket = process.getBuiltinModule('node:tls').connect({
    host: hostname,
    port: Number(url.port),
    ...localLookup(hostname),
    ...(/^[\d.]+$|:/.test(hostname) ? {} : { servername: hostname }),
    ...(session.caFile ? { ca: readAuthorities(session.caFile) } : {}),
    rejectUnauthorized: !isPlainLocal(session, hostname),
  })
  const silent = setTimeout(
    () => socket.destroy(Object.assign(new Error('no greeting'), { code: 'ESILENT' })),
    GREETING_TIMEOUT_MS,
  )
  let heard = Buffer.alloc(0)
  const listen = (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk])
    if (heard.length < GREETING.length) return
    socket.off('data', listen)
    if (heard.toString('latin1', 0, GREETING.length) !== GREETING) {
      return void socket.destroy(new Error('the answer is not that of a rendezvous'))
    }
    resolve({ socket, early: heard.subarray(GREETING.length) })
  }
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  socket.once('secureConnect', () => socket.write(`${url.pathname.slice(1)}${url.search} paas/1\r\n`))
  socket.on('data', listen)
  const failed = (err: Error) => reject(explain(err, { host: url.host, hostname, protocol: 'https:' }))
  socket.once('error', failed)
  const refused = () => reject(new Failure(`${url.host} closed the connection before the dyno was attached (R13).`))
  socket.once('close', refused)
  try {
    return await promise
  } finally {
    clearTimeout(silent)
    socket.off('error', failed).off('close', refused)
  }
}

/**
 * A laptop's platform is reached at http://localhost and has a certificate of its own CA, which nobody was asked to install. Its
 * attach URL came over plain HTTP on the loopback device, and the connection goes over it too: checking would protect from nobody.
 */
function isPlainLocal(session: Session, hostname: string): boolean {
  return (
    session.caFile === undefined &&
    isLoopback(hostname) &&
    session.url.startsWith('http://') &&
    isLoopback(new URL(session.url).hostname)
  )
}

function lost(dyno: string, hint: string, cause?: Error): Failure {
  return new Failure(`The connection to ${dyno} was lost before it exited.`, { cause, hint })
}
